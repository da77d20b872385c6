/** A model from a few numbers, for a declaration without a config.json and for published runs that tell no more. */
import { fail, ok, type Problem, type Result } from '../../base/problem.ts'
import { modelOf } from './layer-list.ts'
import type { Attention, DenseMlp, ExpertMlp, LatentAttention, LayerShape, ModelSpec } from './model.ts'

export interface DeclaredModel {
  readonly name?: string
  readonly layers: number
  readonly hidden: number
  readonly heads: number
  /** Default: as many as `heads`. */
  readonly kvHeads?: number
  /** Default: hidden / heads. */
  readonly headDim?: number
  readonly latent?: Omit<LatentAttention, 'kind' | 'heads'>
  /** Width of the dense feed-forward part; default 4 x hidden without a gate, 8/3 x hidden rounded up to 256 with one. */
  readonly ffn?: number
  readonly vocab: number
  readonly experts?: number
  readonly topK?: number
  /** Of one expert; default `ffn`. */
  readonly expertFfn?: number
  /** Of all shared experts together. */
  readonly sharedFfn?: number
  /** Layers at the start that have a dense part although the model has experts. */
  readonly denseLayers?: number
  /** One layer in so many has experts (Llama 4: 2); default 1. */
  readonly expertEvery?: number
  readonly gated?: boolean
  /** Biases on every projection, as GPT-2 has them. */
  readonly bias?: boolean
  readonly qkvBias?: boolean
  readonly qkNorm?: boolean
  readonly routerBias?: boolean
  readonly norm?: 'rms' | 'layer'
  readonly tiedEmbeddings?: boolean
  readonly learnedPositions?: number
  readonly mtpLayers?: number
  /** Keys that a query sees at most, in every layer or in all but one in `windowEvery`. */
  readonly window?: number
  readonly windowEvery?: number
}

const COUNTS = ['layers', 'hidden', 'heads', 'vocab'] as const
const OPTIONAL_COUNTS = ['kvHeads', 'headDim', 'ffn', 'topK', 'expertFfn', 'expertEvery', 'window'] as const

export function declaredModel(declared: DeclaredModel): Result<ModelSpec> {
  const problems = problemsOf(declared)
  if (problems.length > 0) return fail(...problems)
  const { layers, hidden, name = 'model' } = declared
  const { norm = 'rms', tiedEmbeddings = false, learnedPositions = 0, mtpLayers = 0, vocab } = declared
  return ok(
    modelOf(
      { name, hidden, vocab, tiedEmbeddings, learnedPositions, norm, mtpLayers },
      Array.from({ length: layers }, (_, layer) => layerOf(declared, layer)),
    ),
  )
}

function problemsOf(declared: DeclaredModel): readonly Problem[] {
  const wrongCounts = [...COUNTS, ...OPTIONAL_COUNTS.filter(field => declared[field] !== undefined)]
    .filter(field => !(Number.isInteger(declared[field]) && declared[field]! > 0))
    .map(
      (field): Problem => ({
        field: `model.${field}`,
        what: declared[field] === undefined ? 'is missing' : `is ${declared[field]}`,
        why: 'a model needs a whole number above 0 there',
        fix: 'Give it, or give the model as huggingface: ./config.json.',
      }),
    )
  if (wrongCounts.length > 0) return wrongCounts
  const { hidden, heads, headDim, kvHeads = heads, experts = 0, topK = experts > 0 ? 0 : 1, latent } = declared
  const problems: Problem[] = []
  if (headDim === undefined && latent === undefined && hidden % heads !== 0)
    problems.push({
      field: 'model.heads',
      what: `is ${heads}`,
      why: `hidden ${hidden} does not divide by it and headDim is not given`,
      fix: `Give headDim, or use ${nearestDivisor(hidden, heads)} heads.`,
    })
  if (heads % kvHeads !== 0)
    problems.push({
      field: 'model.kvHeads',
      what: `is ${kvHeads}`,
      why: `${heads} heads do not share ${kvHeads} key and value heads evenly`,
      fix: `Use ${nearestDivisor(heads, kvHeads)}.`,
    })
  if (experts > 0 && !(topK >= 1 && topK <= experts))
    problems.push({
      field: 'model.topK',
      what: declared.topK === undefined ? 'is missing' : `is ${topK}`,
      why: `each token goes to 1 to ${experts} of ${experts} experts`,
      fix: `Use a number from 1 to ${experts}.`,
    })
  return problems
}

/** The divisor of `whole` that is nearest to `wanted`; the smaller of two equally near. */
export function nearestDivisor(whole: number, wanted: number): number {
  let best = 1
  for (let divisor = 1; divisor <= whole; divisor++)
    if (whole % divisor === 0 && Math.abs(divisor - wanted) < Math.abs(best - wanted)) best = divisor
  return best
}

function layerOf(declared: DeclaredModel, layer: number): LayerShape {
  const { experts = 0, denseLayers = 0, expertEvery = 1, windowEvery = 0, window } = declared
  const seesAll = window === undefined || (windowEvery > 0 && (layer + 1) % windowEvery === 0)
  const hasExperts = experts > 0 && layer >= denseLayers && (layer + 1) % expertEvery === 0
  return {
    mixer: mixerOf(declared, seesAll ? undefined : window),
    mlp: hasExperts ? expertsOf(declared) : denseOf(declared),
    extraNorms: 0,
  }
}

function mixerOf(declared: DeclaredModel, window: number | undefined): Attention | LatentAttention {
  const { heads, kvHeads = heads, hidden, headDim = hidden / heads, bias = false } = declared
  if (declared.latent) return { kind: 'latent', heads, ...declared.latent }
  return {
    kind: 'attention',
    heads,
    kvHeads,
    headDim,
    qkvBias: declared.qkvBias ?? bias,
    outBias: bias,
    qkNorm: declared.qkNorm ?? false,
    ...(window === undefined ? {} : { window }),
  }
}

function ffnOf({ hidden, ffn, gated = true }: DeclaredModel): number {
  return ffn ?? (gated ? Math.ceil((8 * hidden) / 3 / 256) * 256 : 4 * hidden)
}

const denseOf = (declared: DeclaredModel): DenseMlp => ({
  kind: 'dense',
  ffn: ffnOf(declared),
  gated: declared.gated ?? true,
  bias: declared.bias ?? false,
})

const expertsOf = (declared: DeclaredModel): ExpertMlp => ({
  kind: 'experts',
  experts: declared.experts ?? 0,
  topK: declared.topK ?? 1,
  ffn: declared.expertFfn ?? ffnOf(declared),
  gated: declared.gated ?? true,
  bias: declared.bias ?? false,
  routerBias: declared.routerBias ?? false,
  sharedFfn: declared.sharedFfn ?? 0,
  sharedGate: false,
})
