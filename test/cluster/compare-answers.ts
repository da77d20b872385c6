/** Where two answers to the same request differ, as paths; less what stands in the list of differences. */
import { canonicalJson } from '../../src/kube/canonical-json.ts'
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
  walk('', ordered(upstream), ordered(ours))
  return found
}

/** Without the orders that a server makes up as it goes: of owners within a second, of what a schema finds wrong, of conflicts. */
function ordered({ of, ...answer }: Answer): unknown {
  const isCustom = of.startsWith('custom resources/')
  const sorted = (value: unknown, key: string): unknown => {
    if (isRecord(value))
      return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, sorted(field, name)]))
    if (isCustom && key === 'message' && typeof value === 'string') return value.split(/(?<=\[)|(?=\]$)|, /).sort()
    if (!Array.isArray(value)) return value
    const items = value.map(item => sorted(item, ''))
    const isUnordered = key === 'managedFields' || (key === 'causes' && (isCustom || value.every(isConflict)))
    return isUnordered ? items.sort(byText) : items
  }
  return sorted(answer, '')
}

const isConflict = (cause: unknown): boolean => isRecord(cause) && cause.reason === 'FieldManagerConflict'

const byText = (left: unknown, right: unknown): number => {
  const [a, b] = [rank(left), rank(right)]
  return a < b ? -1 : a > b ? 1 : 0
}
const rank = (item: unknown): string =>
  isRecord(item)
    ? [item.manager, item.operation, item.subresource, item.field, canonicalJson(item)].join(' ')
    : canonicalJson(item)

export const explains = ({ of, path }: Difference, mismatch: Mismatch): boolean =>
  (of === undefined || of.test(mismatch.of)) && (path === undefined || path.test(mismatch.path))

export interface Comparison {
  readonly equal: number
  readonly unexplained: readonly Mismatch[]
  /** Rows of the list that no answer needs any more. */
  readonly unused: readonly Difference[]
  /** Who needs each row of the list. */
  readonly listed: ReadonlyMap<Difference, ReadonlySet<string>>
}

export function compareAnswers(upstream: readonly Answer[], ours: readonly Answer[]): Comparison {
  const byRequest = new Map(ours.map(answer => [answer.of, answer]))
  const listed = new Map<Difference, Set<string>>()
  const unexplained: Mismatch[] = []
  let equal = 0
  for (const answer of upstream) {
    const found = mismatches(answer, byRequest.get(answer.of) ?? { of: answer.of, code: 0, type: '' })
    if (found.length === 0) equal++
    for (const mismatch of found) {
      const why = DIFFERENCES.find(difference => explains(difference, mismatch))
      if (why) listed.set(why, (listed.get(why) ?? new Set()).add(mismatch.of))
      else unexplained.push(mismatch)
    }
  }
  return { equal, unexplained, unused: DIFFERENCES.filter(difference => !listed.has(difference)), listed }
}
