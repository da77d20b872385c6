/**
 * The forward of one layer on one rank as a list of operators in order: what `cost/` prices one by one. Backward is derived from it: two
 * products for each product (of the input and of the weight), a kernel of its own for attention, about twice the bytes for passes.
 * `bytes` of a pass are read plus written. What is fused into what follows the caller's `Fusion`.
 *
 * Legend: h hidden, a query heads, d head size, f width of the feed-forward part, t tensor degree, K experts a token.
 */
import { expertRows, type LayerCut, residualTokens, routedTokens } from './cut.ts'
import type { DenseMlp, ExpertMlp, LayerShape, ModelSpec } from './model.ts'
import { type Fusion, MODERN_FUSION, type Operator, pass } from './operator.ts'
import { mixerOperators } from './operators-mixer.ts'

/** Forward operators of one layer on one rank. Communication is not among them: its volumes follow from the cut (formulas.md 3.5). */
export function operatorsOf(
  shape: LayerShape,
  model: ModelSpec,
  cut: LayerCut,
  fusion: Fusion = MODERN_FUSION,
): readonly Operator[] {
  const stream = 2 * model.hidden * residualTokens(cut)
  const norm = pass('norm', 2 * stream, fusion.norm ? 1 : 4)
  // Reads the branch and the stream, writes the stream.
  const residual = pass('residual', 3 * stream, 1)
  const extra = Array.from({ length: shape.extraNorms }, () => norm)
  return [
    ...(shape.mixer ? [norm, ...mixerOperators(shape.mixer, model, cut, fusion), residual] : []),
    ...(shape.mlp ? [norm, ...mlpOperators(shape.mlp, model, cut, fusion), residual] : []),
    ...extra,
  ]
}

function mlpOperators(mlp: DenseMlp | ExpertMlp, model: ModelSpec, cut: LayerCut, fusion: Fusion): readonly Operator[] {
  return mlp.kind === 'dense'
    ? denseOperators(mlp, model.hidden, cut, fusion, 'mlp')
    : expertOperators(mlp, model.hidden, cut, fusion)
}

function denseOperators(
  mlp: DenseMlp,
  h: number,
  cut: LayerCut,
  fusion: Fusion,
  module: 'mlp' | 'sharedExpert',
): readonly Operator[] {
  const width = mlp.ffn / cut.tensor
  const up = mlp.gated ? 2 : 1
  return [
    { kind: 'gemm', module, m: cut.tokens, n: up * width, k: h },
    activation(module, cut.tokens, width, mlp.gated, fusion),
    { kind: 'gemm', module, m: cut.tokens, n: h, k: width },
  ]
}

/** Reads what the projections up wrote, writes their product. */
const activation = (
  module: 'mlp' | 'sharedExpert' | 'experts',
  rows: number,
  width: number,
  gated: boolean,
  fusion: Fusion,
): Operator =>
  fusion.activation
    ? pass(module, 2 * rows * width * (gated ? 3 : 2), 1)
    : pass(module, 2 * rows * width * (gated ? 5 : 2), gated ? 2 : 1)

function expertOperators(mlp: ExpertMlp, h: number, cut: LayerCut, fusion: Fusion): readonly Operator[] {
  const tokens = routedTokens(cut)
  const experts = mlp.experts / cut.expert
  const rows = expertRows(mlp.topK, cut) / experts
  const width = mlp.ffn / cut.expertTensor
  const up = mlp.gated ? 2 : 1
  const shared: DenseMlp = { kind: 'dense', ffn: mlp.sharedFfn, gated: mlp.gated, bias: false }
  const sent = 2 * h * tokens * mlp.topK
  const arrived = 2 * h * rows * experts
  return [
    { kind: 'gemm', module: 'router', m: tokens, n: mlp.experts, k: h },
    // Scores in fp32: softmax or sigmoid, top-k, map and probabilities, each a pass when not fused.
    pass('router', 4 * tokens * mlp.experts * (fusion.router ? 3 : 12), fusion.router ? 2 : 12),
    ...(mlp.sharedFfn > 0 ? denseOperators(shared, h, cut, fusion, 'sharedExpert') : []),
    // One copy of each token for each of its experts, then (with several experts a rank) again by expert.
    pass('permute', 2 * h * tokens + sent, fusion.permute ? 1 : 4),
    ...(cut.expert > 1 && experts > 1 ? [pass('permute', 2 * arrived, fusion.permute ? 1 : 4)] : []),
    { kind: 'grouped', module: 'experts', experts, rows, n: up * width, k: h },
    activation('experts', rows * experts, width, mlp.gated, fusion),
    { kind: 'grouped', module: 'experts', experts, rows, n: h, k: width },
    ...(cut.expert > 1 && experts > 1 ? [pass('permute', 2 * arrived, fusion.permute ? 1 : 4)] : []),
    pass('permute', sent + 2 * h * tokens, fusion.permute ? 1 : 4),
    ...(mlp.sharedFfn > 0 ? [pass('residual', 6 * h * residualTokens(cut), 1)] : []),
  ]
}

export interface StageExtras {
  /** Before the first layer. */
  readonly embedding: readonly Operator[]
  /** After the last: norm, head and loss. */
  readonly head: readonly Operator[]
}

/** What the first and the last stage do beyond their layers. `vocab` is the padded one where the framework pads. */
export function stageExtras(
  model: ModelSpec,
  cut: LayerCut,
  fusion: Fusion = MODERN_FUSION,
  vocab = model.vocab,
): StageExtras {
  const stream = 2 * model.hidden * residualTokens(cut)
  const logits = cut.tokens * (vocab / cut.tensor)
  const projection: Operator = { kind: 'gemm', module: 'head', m: cut.tokens, n: vocab / cut.tensor, k: model.hidden }
  // Fused: the logits are read twice (maximum and sum; gradient) and written once in place. Else a copy in fp32, its maximum, difference,
  // exponential, sum and quotient.
  const loss = fusion.crossEntropy ? pass('loss', 6 * logits, 2) : pass('loss', (2 + 4 * 8) * logits, 9)
  const last = model.shapes[model.layers.at(-1) ?? 0]
  const mtp: readonly Operator[] =
    model.mtpLayers > 0 && last
      ? [
          pass('norm', 4 * stream, 2),
          { kind: 'gemm', module: 'mtp', m: cut.tokens, n: model.hidden / cut.tensor, k: 2 * model.hidden },
          ...operatorsOf(last, model, cut, fusion),
          projection,
          loss,
        ]
      : []
  return {
    embedding: [pass('embedding', 2 * 2 * model.hidden * cut.tokens, 1)],
    head: [pass('norm', 2 * stream, 1), projection, loss, ...Array.from({ length: model.mtpLayers }, () => mtp).flat()],
  }
}
