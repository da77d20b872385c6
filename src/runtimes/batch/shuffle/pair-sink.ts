/**
 * Where the pairs of a map task go. Four ways, by the reduce and the plan: combined in a table, passed on as they are, gathered by key and
 * sorted (for a reduce that sees all values of a key), or only the k largest.
 */
import { unreachable } from '../../../base/invariant.ts'
import type { BatchPlan } from '../../../planner/batch/plan.ts'
import { accumulatorsFor } from '../table/accumulators.ts'
import { CombineSink } from './combine-sink.ts'
import { GroupSink } from './group-sink.ts'
import type { PairStatistics, PartitionedOutput } from './partitioned-output.ts'
import { PassSink } from './pass-sink.ts'
import { TopSink } from './top-sink.ts'

export interface PairSink {
  /** Takes a pair as the user's function made it; throws a `UserError` when it is none. */
  add(key: unknown, value: unknown): void
  /** Writes what is still in memory. */
  finish(): PairStatistics
}

export function pairSinkFor({ reduce, strategy }: BatchPlan, output: PartitionedOutput, budgetBytes: number): PairSink {
  if (reduce.kind === 'module') return new GroupSink(output, budgetBytes)
  if (reduce.kind !== 'algebra') return unreachable(reduce)
  if (reduce.by === 'topK') return new TopSink(output, reduce.k ?? 10)
  if (strategy.combine) return new CombineSink(accumulatorsFor(reduce.by), output, budgetBytes)
  return new PassSink(accumulatorsFor(reduce.by), output)
}
