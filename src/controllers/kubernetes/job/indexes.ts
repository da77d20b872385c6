/**
 * Sets of completion indexes as runs (`0-3,7`), the form in which a Job's status holds them: a Job of a million completions that ends in
 * order is one run. Printed as upstream prints them (pkg/controller/job/indexed_job_utils.go): two neighbours are `3,4`, not `3-4`.
 */

export interface Run {
  readonly first: number
  readonly last: number
}

/** Ascending, with a gap between any two runs. */
export type Indexes = readonly Run[]

export function parseIndexes(text: string | undefined): Indexes {
  if (!text) return []
  return joined(
    text.split(',').flatMap(part => {
      const [, first, last] = /^(\d+)(?:-(\d+))?$/.exec(part) ?? []
      return first === undefined ? [] : [{ first: Number(first), last: Number(last ?? first) }]
    }),
  )
}

export const formatIndexes = (indexes: Indexes): string =>
  indexes
    .map(({ first, last }) => (first === last ? `${first}` : `${first}${last === first + 1 ? ',' : '-'}${last}`))
    .join(',')

export const countIndexes = (indexes: Indexes): number =>
  indexes.reduce((sum, { first, last }) => sum + last - first + 1, 0)

export const hasIndex = (indexes: Indexes, index: number): boolean =>
  indexes.some(({ first, last }) => first <= index && index <= last)

export const withIndexes = (indexes: Indexes, more: readonly number[]): Indexes =>
  more.length === 0 ? indexes : joined([...indexes, ...more.map(index => ({ first: index, last: index }))])

export const unionOf = (a: Indexes, b: Indexes): Indexes => (b.length === 0 ? a : joined([...a, ...b]))

export function intersectionOf(a: Indexes, b: Indexes): Indexes {
  const result: Run[] = []
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    const [x, y] = [a[i]!, b[j]!]
    const [first, last] = [Math.max(x.first, y.first), Math.min(x.last, y.last)]
    if (first <= last) result.push({ first, last })
    if (x.last <= y.last) i++
    if (y.last <= x.last) j++
  }
  return result
}

/** Those below `end`: an elastic Job that shrank forgets what lies above. */
export const indexesBelow = (indexes: Indexes, end: number): Indexes =>
  indexes.filter(({ first }) => first < end).map(({ first, last }) => ({ first, last: Math.min(last, end - 1) }))

/** The lowest `count` indexes below `end` that are in neither `taken` nor `held`; walks gaps, not every index of a run. */
export function firstMissing(taken: Indexes, held: ReadonlySet<number>, end: number, count: number): readonly number[] {
  const found: number[] = []
  let next = 0
  for (const { first, last } of [...taken, { first: end, last: end }]) {
    for (; next < Math.min(first, end) && found.length < count; next++) if (!held.has(next)) found.push(next)
    next = Math.max(next, last + 1)
  }
  return found
}

function joined(runs: readonly Run[]): Indexes {
  const result: { first: number; last: number }[] = []
  for (const { first, last } of [...runs].sort((a, b) => a.first - b.first)) {
    const before = result.at(-1)
    if (before && first <= before.last + 1) before.last = Math.max(before.last, last)
    else result.push({ first, last })
  }
  return result
}
