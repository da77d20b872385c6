/**
 * A model as a list of layers: what `readHuggingFace` and `declaredModel` make and everything else in the planner reads. Sizes are counts;
 * nothing is cut yet. Layers of one shape share one `LayerShape`, so that a cost is computed once a shape and not once a layer.
 */

export interface ModelSpec {
  readonly name: string
  readonly hidden: number
  readonly vocab: number
  /** The head shares the embedding's weights: with one pipeline stage they are stored once, with several on the first and the last. */
  readonly tiedEmbeddings: boolean
  /** Learned position embeddings (GPT-2); 0 with rotary ones. */
  readonly learnedPositions: number
  /** A norm right after the embedding (BLOOM). */
  readonly embeddingNorm?: boolean
  /** A bias on the head's logits. */
  readonly headBias?: boolean
  readonly norm: 'rms' | 'layer'
  readonly shapes: readonly LayerShape[]
  /** One entry a layer, from the first to the last: an index into `shapes`. */
  readonly layers: readonly number[]
  /** Multi-token-prediction layers after the last (DeepSeek-V3), each a layer of the last shape with a projection `2 hidden -> hidden`. */
  readonly mtpLayers: number
}

/** One layer: a mixer (attention or a state space), a feed-forward part, or both. Each present part has a norm before it. */
export interface LayerShape {
  readonly mixer?: Attention | LatentAttention | StateSpace
  readonly mlp?: DenseMlp | ExpertMlp
  /** Norms beyond one a part (Gemma has one after each as well). */
  readonly extraNorms: number
}

/** Multi-head, grouped-query or multi-query attention. */
export interface Attention {
  readonly kind: 'attention'
  readonly heads: number
  readonly kvHeads: number
  readonly headDim: number
  readonly qkvBias: boolean
  readonly outBias: boolean
  readonly qkNorm: boolean
  /** Keys that a query sees, with sliding windows; undefined: all before it. */
  readonly window?: number
  /** A learned logit a head that takes part in the softmax (gpt-oss). */
  readonly sinks?: boolean
}

/** Multi-head latent attention (DeepSeek-V2, 2405.04434). */
export interface LatentAttention {
  readonly kind: 'latent'
  readonly heads: number
  /** Undefined: queries are not compressed (V2-Lite). */
  readonly qRank?: number
  readonly kvRank: number
  readonly nopeDim: number
  readonly ropeDim: number
  readonly valueDim: number
}

/** A Mamba-2 mixer (Dao and Gu, 2405.21060). */
export interface StateSpace {
  readonly kind: 'stateSpace'
  readonly heads: number
  readonly headDim: number
  readonly stateDim: number
  readonly groups: number
  readonly convKernel: number
  /** Biases on the projections in and out (none in the published hybrids). */
  readonly bias?: boolean
}

export interface DenseMlp {
  readonly kind: 'dense'
  readonly ffn: number
  /** SwiGLU and its kin: two projections up instead of one. */
  readonly gated: boolean
  readonly bias: boolean
}

export interface ExpertMlp {
  readonly kind: 'experts'
  readonly experts: number
  readonly topK: number
  /** Of one routed expert. */
  readonly ffn: number
  readonly gated: boolean
  readonly bias: boolean
  readonly routerBias: boolean
  /** Width of all shared experts together; 0: none. */
  readonly sharedFfn: number
  /** A gate on the shared expert's output (Qwen2-MoE). */
  readonly sharedGate: boolean
  /** Experts lie in `groups`, and a token goes to at most `limit` of them (DeepSeek-V3's node-limited routing). */
  readonly routing?: { readonly groups: number; readonly limit: number }
}

export const shapeOf = (model: ModelSpec, layer: number): LayerShape => model.shapes[model.layers[layer]!]!
