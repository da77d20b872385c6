/** Forward operators of attention, latent attention and state spaces on one rank; `operators.ts` puts them into a layer. */
import { type LayerCut, localKvHeads, residualTokens } from './cut.ts'
import type { Attention, LatentAttention, ModelSpec, StateSpace } from './model.ts'
import { type AttentionCore, type Fusion, type Operator, pass } from './operator.ts'
import { stateSpaceWidths } from './weights.ts'

export function mixerOperators(
  mixer: Attention | LatentAttention | StateSpace,
  model: ModelSpec,
  cut: LayerCut,
  fusion: Fusion,
): readonly Operator[] {
  switch (mixer.kind) {
    case 'attention':
      return attentionOperators(mixer, model, cut, fusion)
    case 'latent':
      return latentOperators(mixer, model.hidden, cut, fusion)
    case 'stateSpace':
      return stateSpaceOperators(mixer, model.hidden, cut)
  }
}

/** Ring: a rank's queries meet all keys. Ulysses: all queries and keys of fewer heads. */
function core(
  cut: LayerCut,
  heads: number,
  kvHeads: number,
  sizes: Pick<AttentionCore, 'headDim' | 'valueDim' | 'window' | 'latent'>,
): AttentionCore {
  const batch = (cut.tokens * cut.context) / cut.sequence
  const exchange = cut.contextMethod === 'ulysses' ? cut.context : 1
  return {
    kind: 'attention',
    module: 'core',
    batch,
    heads: heads / cut.tensor / exchange,
    kvHeads: localKvHeads(localKvHeads(kvHeads, cut.tensor), exchange),
    sequenceQ: cut.contextMethod === 'ulysses' ? cut.sequence : cut.sequence / cut.context,
    sequenceKv: cut.sequence,
    steps: cut.contextMethod === 'ulysses' ? 1 : cut.context,
    ...sizes,
  }
}

function attentionOperators(
  a: Attention,
  { hidden: h, learnedPositions }: ModelSpec,
  cut: LayerCut,
  fusion: Fusion,
): readonly Operator[] {
  const queries = (a.heads / cut.tensor) * a.headDim
  const keys = localKvHeads(a.kvHeads, cut.tensor) * a.headDim
  const turned = 2 * 2 * (queries + keys) * cut.tokens
  return [
    { kind: 'gemm', module: 'qkv', m: cut.tokens, n: queries + 2 * keys, k: h },
    ...(a.qkNorm ? [pass('norm', turned, fusion.norm ? 2 : 8)] : []),
    // Fused: read and written once; else rotate-half, two products and a sum. Learned positions are added once, to the embedding.
    ...(learnedPositions > 0 ? [] : [pass('rope', turned * (fusion.rope ? 1 : 4), fusion.rope ? 2 : 10)]),
    core(cut, a.heads, a.kvHeads, {
      headDim: a.headDim,
      valueDim: a.headDim,
      latent: false,
      ...(a.window === undefined ? {} : { window: a.window }),
    }),
    { kind: 'gemm', module: 'out', m: cut.tokens, n: h, k: queries },
  ]
}

function latentOperators(a: LatentAttention, h: number, cut: LayerCut, fusion: Fusion): readonly Operator[] {
  const heads = a.heads / cut.tensor
  const down = residualTokens(cut)
  const latents = (a.qRank ?? 0) + a.kvRank
  const queries = heads * (a.nopeDim + a.ropeDim)
  const expanded = heads * (a.nopeDim + a.valueDim)
  return [
    { kind: 'gemm', module: 'latentDown', m: down, n: latents + a.ropeDim, k: h },
    pass('norm', 2 * 2 * latents * down, fusion.norm ? 2 : 8),
    // Queries that are not compressed are projected with the rest of what `mla_up_proj` computes again.
    { kind: 'gemm', module: 'latentUp', m: cut.tokens, n: queries, k: a.qRank ?? h },
    { kind: 'gemm', module: 'latentUp', m: cut.tokens, n: expanded, k: a.kvRank },
    // Queries turned in place, keys put together from the expanded part and the one rotary part that all heads share.
    pass(
      'latentUp',
      2 * cut.tokens * (2 * queries + expanded + queries + heads * a.valueDim) * (fusion.rope ? 1 : 1.5),
      fusion.rope ? 2 : 12,
    ),
    core(cut, a.heads, a.heads, { headDim: a.nopeDim + a.ropeDim, valueDim: a.valueDim, latent: true }),
    { kind: 'gemm', module: 'out', m: cut.tokens, n: h, k: heads * a.valueDim },
  ]
}

function stateSpaceOperators(s: StateSpace, h: number, cut: LayerCut): readonly Operator[] {
  const { inner, conv } = stateSpaceWidths(s)
  const projected = (inner + conv + s.heads) / cut.tensor
  return [
    { kind: 'gemm', module: 'stateSpace', m: cut.tokens, n: projected, k: h },
    pass('stateSpace', (2 * 2 * conv * cut.tokens) / cut.tensor, 1),
    {
      kind: 'scan',
      module: 'stateSpace',
      tokens: cut.tokens,
      heads: s.heads / cut.tensor,
      headDim: s.headDim,
      stateDim: s.stateDim,
      groups: Math.max(1, s.groups / cut.tensor),
    },
    // The gated norm reads the stream and its gate.
    pass('stateSpace', (3 * 2 * inner * cut.tokens) / cut.tensor, 1),
    { kind: 'gemm', module: 'stateSpace', m: cut.tokens, n: h, k: inner / cut.tensor },
  ]
}
