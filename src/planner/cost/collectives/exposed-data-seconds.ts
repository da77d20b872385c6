/** What the step waits for the reduction of gradients (and the gathering of parameters): the part that no computation hides. */

export interface DataExchange {
  /** Of all buckets together, were nothing else running. */
  readonly communicationSeconds: number
  /**
   * Computation of one micro-batch that runs beside it, of all chunks of the rank: the backward pass of the last one (gradients), the forward
   * pass of the first (parameters).
   */
  readonly hidingSeconds: number
  /**
   * With an interleaved pipeline the chunks of a rank take turns of so many micro-batches: what has had its last turn travels while the other
   * chunks have theirs. 1 chunk and turns of 1 otherwise.
   */
  readonly chunks: number
  readonly turn: number
  /** Messages that it comes in: the last gradients are ready only when the computation is over, so the last bucket is never hidden. */
  readonly buckets: number
  readonly ranks: number
  /** What a doubling of the ranks adds: hops of a tree, and the wait for the last of more ranks. */
  readonly doublingSeconds: number
}

/**
 * max(0, communication - hiding computation) + latency x log2 ranks; of the last chunk to finish only its own last micro-batch hides, and of the
 * last bucket nothing.
 */
export function exposedDataSeconds(exchange: DataExchange): number {
  const { communicationSeconds, hidingSeconds, chunks, turn, buckets, ranks, doublingSeconds } = exchange
  if (ranks <= 1) return 0
  const otherTurns = (hidingSeconds * turn * (chunks - 1)) / chunks
  const unhidden = Math.max(
    communicationSeconds - hidingSeconds / chunks - otherTurns,
    (communicationSeconds - hidingSeconds) / chunks,
    communicationSeconds / Math.max(1, buckets),
  )
  return unhidden + doublingSeconds * Math.log2(ranks)
}
