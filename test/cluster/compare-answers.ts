/** Where two answers to the same request differ, as paths; less what stands in the list of differences. */
import { isRecord } from '../../src/kube/equal.ts'
import { DIFFERENCES, type Difference } from './differences.ts'
import type { Answer } from './send.ts'

export interface Mismatch {
  readonly of: string
  /** `code`, `type`, `warnings.0`, `body.spec.replicas` */
  readonly path: string
  readonly upstream: unknown
  readonly ours: unknown
}

export function mismatches(upstream: Answer, ours: Answer): readonly Mismatch[] {
  const found: Mismatch[] = []
  const walk = (path: string, left: unknown, right: unknown): void => {
    if (Array.isArray(left) && Array.isArray(right)) {
      for (let i = 0; i < Math.max(left.length, right.length); i++) walk(`${path}.${i}`, left[i], right[i])
    } else if (isRecord(left) && isRecord(right)) {
      for (const key of new Set([...Object.keys(left), ...Object.keys(right)]))
        walk(`${path}.${key}`, left[key], right[key])
    } else if (left !== right) found.push({ of: upstream.of, path: path.slice(1), upstream: left, ours: right })
  }
  const { of: _, ...rest } = upstream
  const { of: __, ...other } = ours
  walk('', rest, other)
  return found
}

export const explains = ({ of, path }: Difference, mismatch: Mismatch): boolean =>
  of.test(mismatch.of) && (path === undefined || path.test(mismatch.path))

export interface Comparison {
  readonly equal: number
  readonly unexplained: readonly Mismatch[]
  /** Rows of the list that no answer needs any more. */
  readonly unused: readonly Difference[]
}

export function compareAnswers(upstream: readonly Answer[], ours: readonly Answer[]): Comparison {
  const byRequest = new Map(ours.map(answer => [answer.of, answer]))
  const used = new Set<Difference>()
  const unexplained: Mismatch[] = []
  let equal = 0
  for (const answer of upstream) {
    const found = mismatches(answer, byRequest.get(answer.of) ?? { of: answer.of, code: 0, type: '' })
    if (found.length === 0) equal++
    for (const mismatch of found) {
      const why = DIFFERENCES.find(difference => explains(difference, mismatch))
      if (why) used.add(why)
      else unexplained.push(mismatch)
    }
  }
  return { equal, unexplained, unused: DIFFERENCES.filter(difference => !used.has(difference)) }
}
