/** How values of a key come together: early or late, by hashing or by sorting, and in which engine. */
import type { BatchJobSpec } from '../../spec/kinds.ts'
import { type Choice, fixedTo } from './choice.ts'
import type { BatchStrategy } from './plan.ts'

type Reduce = BatchJobSpec['reduce']

export function chooseCombine({ by }: Reduce, fixed: boolean | undefined): Choice<boolean> {
  if (by === undefined) return { value: false, because: 'a reduce function sees all values of its key at once' }
  if (fixed !== undefined) return fixedTo(fixed)
  if (by === 'topK') return { value: true, because: 'the largest of all are among the largest of each map task' }
  const parts = by === 'avg' ? 'sums and counts' : `parts of a ${by}`
  return { value: true, because: `${parts} can be reduced again, so each map task reduces its own first` }
}

export function chooseAggregate(
  { by }: Reduce,
  fixed: 'hash' | 'sort' | undefined,
): Choice<BatchStrategy['aggregate']> {
  if (fixed !== undefined) return fixedTo(fixed)
  if (by === undefined)
    return { value: 'sort', because: 'sorting brings all values of a key together in bounded memory' }
  if (by === 'topK')
    return { value: 'hash', because: 'no keys are brought together; the k largest pairs fit into memory' }
  return { value: 'hash', because: `${by} keeps one small state a key; the table spills when it grows too large` }
}

export function chooseEngine({ split, sql }: BatchJobSpec['map']): Choice<BatchStrategy['engine']> {
  if (split !== undefined) return { value: 'duckdb', because: 'a split is an expression of its SQL' }
  if (sql !== undefined) return { value: 'duckdb', because: 'the map is a select' }
  return { value: 'typescript', because: 'the map is a function of a module' }
}
