/** Streaming multiprocessors that communication keeps from computing while it runs: overlapped work slows by their share of the device. */
import type { NodePool } from '../../fleet/fleet.ts'
import type { Dispatcher } from '../../training/layout.ts'
import type { CollectiveOp } from './collective.ts'

/**
 * DeepEP and HybridEP take what they are given: 20 and 16 by default (Megatron-Core's moe_deepep_num_sms, moe_hybridep_num_sms). NCCL takes one a
 * channel.
 */
export function processorsTaken(dispatcher: Dispatcher, pool: NodePool): number {
  switch (dispatcher) {
    case 'deepep':
      return 20
    case 'hybridep':
      return 16
    case 'alltoall':
      return ncclProcessors('all-to-all', pool)
    case 'allgather':
      return ncclProcessors('all-gather', pool)
  }
}

/**
 * Channels of a large collective, each a thread block that fills a multiprocessor: 24 on an H100's 18 links, 12 on fewer (data/nccl-tables.ts,
 * inside-domain.ts). A message to one peer takes few: NCCL gives a peer as many channels as its NIC or link pair needs.
 */
export function ncclProcessors(op: CollectiveOp, pool: NodePool): number {
  if (op === 'send') return 4
  return pool.scaleUpBytesPerSecond >= 400e9 ? 24 : 12
}
