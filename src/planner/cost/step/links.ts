/** The communication groups of a layout and where they lie in the fleet: Megatron's order, tensor fastest, then context, data, pipeline (rank-map.ts). */
import type { Fleet, NodePool } from '../../fleet/fleet.ts'
import { type GroupSpan, neighbourSpanOf, spanOf } from '../../fleet/span.ts'
import type { Layout } from '../../training/layout.ts'

export interface Links {
  readonly fleet: Fleet
  readonly pool: NodePool
  readonly tensor: GroupSpan
  readonly context: GroupSpan
  /** Neighbours of the pipeline, two ranks. */
  readonly pipeline: GroupSpan
  readonly expert: GroupSpan
  readonly expertTensor: GroupSpan
  /** What shares the states of dense parameters, and its copies (HSDP). */
  readonly shard: GroupSpan
  readonly replicas: GroupSpan
  /** The same of an expert's: fewer ranks hold it, and they lie farther apart. */
  readonly expertShard: GroupSpan
  readonly expertReplicas: GroupSpan
  /** All ranks that average a dense parameter's gradient, and an expert's. */
  readonly data: GroupSpan
  readonly expertData: GroupSpan
  readonly ranks: number
}

/** What decides where groups lie. */
export type Placed = Pick<
  Layout,
  'tensor' | 'context' | 'data' | 'pipeline' | 'expert' | 'expertTensor' | 'zero' | 'shardRanks'
>

export function linksOf(fleet: Fleet, layout: Placed): Links {
  const { tensor, context, data, pipeline, expert, expertTensor } = layout
  const ranks = tensor * context * data * pipeline
  const span = (size: number, stride: number): GroupSpan => spanOf(fleet, { size, stride, world: ranks })
  const averaged = data * context
  const shard = layout.zero > 0 ? Math.min(layout.shardRanks, averaged) : 1
  const perStage = ranks / pipeline
  const apart = expert * expertTensor
  const expertRanks = Math.max(1, perStage / apart)
  const expertShard = Math.max(1, Math.min(expertRanks, Math.floor((shard * tensor) / apart)))
  return {
    fleet,
    pool: fleet.pools[0]!,
    tensor: span(tensor, 1),
    context: span(context, tensor),
    pipeline: neighbourSpanOf(fleet, { size: pipeline, stride: perStage, world: ranks }),
    expert: span(expert, expertTensor),
    expertTensor: span(expertTensor, 1),
    shard: span(shard, tensor),
    replicas: span(averaged / shard, tensor * shard),
    data: span(averaged, tensor),
    expertShard: span(expertShard, apart),
    expertReplicas: span(Math.max(1, Math.floor(expertRanks / expertShard)), apart * expertShard),
    expertData: span(expertRanks, apart),
    ranks,
  }
}
