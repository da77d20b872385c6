/** Bus bandwidth: algorithm bandwidth freed of the number of ranks, so that links of the same speed show the same figure at any size. */
import type { CollectiveOp } from './collective.ts'

/**
 * Bytes that each rank sends over bytes of the buffer, for the algorithm that sends least (nccl-tests, doc/PERFORMANCE.md). Bus bandwidth is
 * bytes x factor / seconds. It may exceed the wire when switches add up (NVLS), since then less is sent.
 */
export function busFactor(op: CollectiveOp, ranks: number): number {
  if (op === 'send') return 1
  return ((op === 'all-reduce' ? 2 : 1) * (ranks - 1)) / ranks
}

export const busBytesPerSecond = (op: CollectiveOp, ranks: number, bytes: number, seconds: number): number =>
  (bytes / seconds) * busFactor(op, ranks)
