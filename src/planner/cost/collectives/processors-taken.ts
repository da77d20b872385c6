/** Streaming multiprocessors that communication keeps from computing while it runs: overlapped work slows by their share of the device. */
import type { NodePool } from '../../fleet/fleet.ts'
import type { Dispatcher } from '../../training/layout.ts'

/**
 * DeepEP and HybridEP take what they are given: 20 and 16 by default (Megatron-Core's moe_deepep_num_sms, moe_hybridep_num_sms). NCCL takes one a
 * channel: 24 for exchanges on an H100's 18 links, less on older links.
 */
export function processorsTaken(dispatcher: Dispatcher, pool: NodePool): number {
  switch (dispatcher) {
    case 'deepep':
      return 20
    case 'hybridep':
      return 16
    default:
      return ncclProcessors(pool)
  }
}

/** Channels of a large collective, each a thread block that fills a multiprocessor. */
export const ncclProcessors = (pool: NodePool): number => (pool.scaleUpBytesPerSecond >= 400e9 ? 24 : 12)
