/** What the step waits for the reduction of gradients (and the gathering of parameters): the part that no computation hides. */

export interface DataExchange {
  /** Of all buckets together, were nothing else running. */
  readonly communicationSeconds: number
  /** Computation that runs beside it: the backward pass of the last micro-batch (gradients), the forward pass of the first (parameters). */
  readonly hidingSeconds: number
  /** Messages that it comes in: the last gradients are ready only when the computation is over, so the last bucket is never hidden. */
  readonly buckets: number
  readonly ranks: number
  /** What a doubling of the ranks adds: hops of a tree, and the wait for the last of more ranks. */
  readonly doublingSeconds: number
}

/** max(0, communication - hiding computation), at least one bucket, + latency x log2 ranks. */
export function exposedDataSeconds(exchange: DataExchange): number {
  const { communicationSeconds, hidingSeconds, buckets, ranks, doublingSeconds } = exchange
  if (ranks <= 1) return 0
  const unhidden = Math.max(communicationSeconds - hidingSeconds, communicationSeconds / Math.max(1, buckets))
  return unhidden + doublingSeconds * Math.log2(ranks)
}
