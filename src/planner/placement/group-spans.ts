/** Where every communication group of a layout lies: what the time of a step depends on beyond the layout itself (`Links` of cost/step). */
import type { GroupSpan } from '../fleet/span.ts'

export interface GroupSpans {
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
}

export type GroupName = keyof GroupSpans

export const GROUP_NAMES: readonly GroupName[] = [
  'tensor',
  'context',
  'pipeline',
  'expert',
  'expertTensor',
  'shard',
  'replicas',
  'expertShard',
  'expertReplicas',
  'data',
  'expertData',
]
