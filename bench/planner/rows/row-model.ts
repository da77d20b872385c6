/**
 * The model of a row as a list of layers. What a page leaves out is taken from the model's own published configuration where its name tells
 * it (Grok's vocabulary, the mixers of hybrids), else from the arithmetic that every configuration of the kind follows (head size = hidden / heads).
 */
import type {
  Attention,
  DenseMlp,
  ExpertMlp,
  LatentAttention,
  LayerShape,
  ModelSpec,
  StateSpace,
} from '../../../src/planner/model/model.ts'
import type { Row, RowModel } from './row.ts'

/** GPT-2's block: plain feed-forward part of four times the width, biases, layer norms. */
const isClassic = (model: RowModel): boolean =>
  /gpt3|mpt|bigscience|mt-nlg|opt|bloom|turing|megatron-\d/i.test(model.name) && !/gpt-oss/i.test(model.name)

const isGated = (model: RowModel): boolean =>
  !/^(gelu|relu|squared-relu|relu2)$/.test(model.activation ?? (isClassic(model) ? 'gelu' : 'swiglu'))

function attentionOf(model: RowModel, window?: number): Attention {
  const heads = model.heads!
  const old = /gpt|opt|bloom|bigscience|neox|turing|mt-nlg/i.test(model.name)
  return {
    kind: 'attention',
    heads,
    kvHeads: model.kv_heads ?? heads,
    headDim: model.head_dim ?? (/llama4/.test(model.name) ? 128 : model.hidden! / heads),
    qkvBias: old || /qwen2|gpt-oss/i.test(model.name),
    outBias: old || /gpt-oss/i.test(model.name),
    qkNorm: /qwen3|llama4/i.test(model.name),
    ...(window === undefined ? {} : { window }),
  }
}

function latentOf(model: RowModel): LatentAttention {
  const mla = model.mla!
  return {
    kind: 'latent',
    heads: model.heads!,
    ...(mla.q_lora_rank === null ? {} : { qRank: mla.q_lora_rank }),
    kvRank: mla.kv_lora_rank,
    nopeDim: mla.qk_nope_head_dim,
    ropeDim: mla.qk_rope_head_dim,
    valueDim: mla.v_head_dim,
  }
}

function denseOf(model: RowModel): DenseMlp {
  return {
    kind: 'dense',
    ffn: model.ffn_hidden ?? 4 * model.hidden!,
    gated: isGated(model),
    bias: !isGated(model) && /gpt|bigscience|mt-nlg/i.test(model.name),
  }
}

function expertsOf(model: RowModel): ExpertMlp {
  const ffn = model.moe_ffn_hidden ?? model.ffn_hidden!
  const shared = /shared expert width (\d+)/.exec(model.moe_layer_pattern ?? '')
  return {
    kind: 'experts',
    experts: model.experts!,
    topK: model.topk!,
    ffn,
    gated: isGated(model),
    bias: /gpt-oss/.test(model.name),
    routerBias: /gpt-oss/.test(model.name),
    sharedFfn: shared ? Number(shared[1]) : (model.shared_experts ?? 0) * ffn,
    sharedGate: /qwen2.*moe|qwen3-next/i.test(model.name),
    ...(/deepseek-?v3/i.test(model.name) && model.experts! % 8 === 0 ? { routing: { groups: 8, limit: 4 } } : {}),
  }
}

/** State-space mixers of the hybrids that rows name; a gated delta net has a Mamba-2 block's projections and a scan of the same cost. */
function stateSpaceOf(model: RowModel): StateSpace {
  if (/qwen3-next/i.test(model.name))
    return { kind: 'stateSpace', heads: 32, headDim: 128, stateDim: 128, groups: 16, convKernel: 4 }
  if (/nano-30b/i.test(model.name))
    return { kind: 'stateSpace', heads: 64, headDim: 64, stateDim: 128, groups: 8, convKernel: 4 }
  return {
    kind: 'stateSpace',
    heads: (2 * model.hidden!) / 64,
    headDim: 64,
    stateDim: model.hidden! >= 8192 ? 256 : 128,
    groups: 8,
    convKernel: 4,
  }
}

/** Kinds of the layers in order, one letter each: D dense, E experts, W and V the same two with a sliding window, L linear attention + experts, and the letters of Nemotron-H's pattern. */
function patternOf(model: RowModel): string {
  const layers = model.layers!
  const text = model.moe_layer_pattern ?? ''
  const literal = /^[ME*-]{8,}/.exec(text)
  if (literal) return literal[0].replaceAll('E', 'X').slice(0, layers)
  if (/hybrid/.test(model.kind ?? '') && /nemotronh/i.test(model.name)) return mixed(layers, 54, 54, 10)
  if (/qwen3-next/i.test(model.name))
    return Array.from({ length: layers }, (_, i) => (i % 4 === 3 ? 'E' : 'L')).join('')
  if (!model.experts) return 'D'.repeat(layers)
  if (/every 2nd layer/.test(text)) return Array.from({ length: layers }, (_, i) => (i % 2 === 1 ? 'E' : 'D')).join('')
  if (/alternating sliding window/.test(text))
    return Array.from({ length: layers }, (_, i) => (i % 2 === 0 ? 'V' : 'E')).join('')
  const dense = Number(/first (\d+) layer|dense_layers (\d+)/.exec(text)?.slice(1).find(Boolean) ?? 0)
  return 'D'.repeat(Math.min(dense, layers)) + 'E'.repeat(Math.max(0, layers - dense))
}

/** Mamba, MLP and attention layers spread evenly. */
function mixed(layers: number, mamba: number, mlp: number, attention: number): string {
  const every = Math.ceil(layers / attention)
  const sequence: string[] = []
  const left = { M: mamba, '-': mlp, '*': attention }
  for (let i = 0; i < layers; i++) {
    const kind =
      i % every === every - 1 && left['*'] > 0
        ? '*'
        : left.M >= left['-'] && left.M > 0
          ? 'M'
          : left['-'] > 0
            ? '-'
            : '*'
    left[kind]--
    sequence.push(kind)
  }
  return sequence.join('')
}

function shapeFor(letter: string, model: RowModel): LayerShape {
  const attention = model.mla ? latentOf(model) : attentionOf(model)
  switch (letter) {
    case 'D':
      return { mixer: attention, mlp: denseOf(model), extraNorms: 0 }
    case 'E':
      return { mixer: attention, mlp: expertsOf(model), extraNorms: 0 }
    case 'V':
      return { mixer: attentionOf(model, 128), mlp: expertsOf(model), extraNorms: 0 }
    case 'L':
      return { mixer: stateSpaceOf(model), mlp: expertsOf(model), extraNorms: 0 }
    case 'M':
      return { mixer: stateSpaceOf(model), extraNorms: 0 }
    case '*':
      return { mixer: attention, extraNorms: 0 }
    case 'X':
      return { mlp: expertsOf(model), extraNorms: 0 }
    default:
      return { mlp: denseOf(model), extraNorms: 0 }
  }
}

/** Missing essentials by name, none if the model can be read. */
export function missingOfModel(row: Row): readonly string[] {
  const m = row.model
  const missing: string[] = []
  for (const [name, value] of Object.entries({ layers: m.layers, hidden: m.hidden, heads: m.heads }))
    if (!value) missing.push(`model.${name}`)
  if (!m.ffn_hidden && !m.moe_ffn_hidden && (isGated(m) || !m.hidden)) missing.push('model.ffn_hidden')
  if (/moe/.test(m.kind ?? '') && (!m.experts || !m.topk)) missing.push('model.experts, model.topk')
  return missing
}

/** Of the model's published configuration, where a page leaves it out. */
const VOCABULARIES: readonly (readonly [RegExp, number])[] = [
  [/grok|nemotron/i, 131_072],
  [/qwen/i, 151_936],
  [/bigscience|gpt2|gpt-2|opt|mt-nlg|turing/i, 50_257],
  [/gpt-?3|megatron/i, 51_200],
]
const vocabularyOf = (name: string): number => VOCABULARIES.find(([pattern]) => pattern.test(name))?.[1] ?? 32_000

export function modelOfRow(row: Row): ModelSpec {
  const m = row.model
  const isGrok = /grok/i.test(m.name)
  const letters = patternOf(m)
  const kinds = [...new Set(letters)]
  const isOld =
    /gpt3|mpt|bigscience|mt-nlg|opt|bloom/i.test(m.name) || (m.activation === 'gelu' && !/gpt-oss/.test(m.name))
  return {
    name: m.name ?? row.id,
    hidden: m.hidden!,
    vocab: m.vocab ?? vocabularyOf(m.name),
    tiedEmbeddings: m.tied_embeddings ?? (isGrok || isClassic(m)),
    learnedPositions: isOld ? row.seq! : 0,
    norm: isOld || m.activation === 'squared-relu' ? 'layer' : 'rms',
    shapes: kinds.map(kind => shapeFor(kind, m)),
    layers: [...letters].map(letter => kinds.indexOf(letter)),
    mtpLayers: 0,
  }
}
