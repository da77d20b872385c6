/** What an attention core works on. */

export interface AttentionShape {
  readonly batch: number
  readonly heads: number
  readonly kvHeads: number
  /** Of queries and keys. */
  readonly headDim: number
  readonly valueDim: number
  /** Queries of this rank; they see on average as many keys as those of the whole sequence do (zig-zag when it is cut). */
  readonly sequenceQ: number
  readonly sequenceKv: number
  readonly causal: boolean
  /** Keys that a query sees; undefined: all before it. */
  readonly window?: number | undefined
  /** Multi-head latent attention with expanded heads. */
  readonly latent?: boolean | undefined
}

export type Direction = 'forward' | 'backward'

/** Keys that a query sees on average. */
export function visibleKeys({ sequenceKv, causal, window }: AttentionShape): number {
  const reach = Math.min(window ?? sequenceKv, sequenceKv)
  return causal ? reach - (reach * reach) / (2 * sequenceKv) : reach
}
