/** How one layer is cut for one rank: what `operatorsOf`, `layerParameters` and the memory model need to know of a layout. */

export interface LayerCut {
  readonly tensor: number
  readonly context: number
  readonly expert: number
  readonly expertTensor: number
  /** Norms, residuals and dropout work on 1/tensor of the tokens (Korthikanti et al., 2205.05198). */
  readonly sequenceParallel: boolean
  /** Of this rank's micro-batch before any cut by `tensor`: sequences x sequence / context. */
  readonly tokens: number
  /** Tokens of a whole sequence. */
  readonly sequence: number
  readonly contextMethod: 'ring' | 'ulysses'
}

export const WHOLE: LayerCut = {
  tensor: 1,
  context: 1,
  expert: 1,
  expertTensor: 1,
  sequenceParallel: false,
  tokens: 1,
  sequence: 1,
  contextMethod: 'ring',
}

/** Tokens that norms, residuals and the router of one rank see. */
export const residualTokens = (cut: LayerCut): number => (cut.sequenceParallel ? cut.tokens / cut.tensor : cut.tokens)

/**
 * Tokens that one rank brings into its expert layer. Experts with a tensor degree need sequence parallelism in every framework that we
 * know, so that each token enters the dispatch once.
 */
export const routedTokens = (cut: LayerCut): number => cut.tokens / cut.tensor

/**
 * Rows that one rank's experts multiply: expert parallelism cancels (each rank brings its own micro-batch), and every expert-tensor rank
 * sees the tokens of all of them.
 */
export const expertRows = (topK: number, cut: LayerCut): number => routedTokens(cut) * topK * cut.expertTensor

/** Key and value heads on one rank: with more tensor ranks than heads they are copied. */
export const localKvHeads = (kvHeads: number, tensor: number): number => Math.max(1, kvHeads / tensor)
