/** Where an object stands among those of its resource: ordered by namespace, then name, as etcd's keys are. */
import type { StoreKey } from './store.ts'

/** Neither part may hold a `/`, so every namespace is one stretch of the order. */
export const positionOf = ({ namespace, name }: StoreKey): string => `${namespace}/${name}`

/** The index of the first of the sorted `positions` that is not before `position`. */
export function lowerBound(positions: readonly string[], position: string): number {
  let [low, high] = [0, positions.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (positions[middle]! < position) low = middle + 1
    else high = middle
  }
  return low
}

/** The indexes `[start, end)` of the sorted `positions` that lie in `namespace` (in all, where it is absent) and behind `after`. */
export function stretchOf(
  positions: readonly string[],
  namespace: string | undefined,
  after: string | undefined,
): readonly [start: number, end: number] {
  // '0' is the character after '/'.
  const start = namespace === undefined ? 0 : lowerBound(positions, `${namespace}/`)
  const end = namespace === undefined ? positions.length : lowerBound(positions, `${namespace}0`)
  // '\0' makes the least position that lies behind `after`.
  const behind = after === undefined ? start : lowerBound(positions, `${after}\0`)
  return [Math.min(Math.max(start, behind), end), end]
}
