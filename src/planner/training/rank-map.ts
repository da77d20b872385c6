/**
 * Where a rank stands on each axis, as arithmetic on its number: a mixed-radix number whose first digit changes fastest. The groups are
 * those of Megatron-LM's RankGenerator (megatron/core/parallel_state.py), in the same order, so that its process groups and ours agree.
 */
import { invariant } from '../../base/invariant.ts'

export interface Axis<Name extends string = string> {
  readonly name: Name
  readonly size: number
}

/** Axes from the one whose neighbours are neighbouring ranks to the one whose neighbours are farthest apart. */
export type RankMap<Name extends string = string> = readonly Axis<Name>[]

export const ranksOf = (map: RankMap): number => map.reduce((product, { size }) => product * size, 1)

/** Distance in ranks between neighbours on each axis. */
function strides(map: RankMap): readonly number[] {
  let stride = 1
  return map.map(({ size }) => {
    const own = stride
    stride *= size
    return own
  })
}

export function coordinatesOf<Name extends string>(rank: number, map: RankMap<Name>): Readonly<Record<Name, number>> {
  invariant(rank >= 0 && rank < ranksOf(map), `rank ${rank} is one of ${ranksOf(map)}`)
  const steps = strides(map)
  return Object.fromEntries(map.map(({ name, size }, i) => [name, Math.floor(rank / steps[i]!) % size])) as Readonly<
    Record<Name, number>
  >
}

export function rankAt<Name extends string>(at: Readonly<Record<Name, number>>, map: RankMap<Name>): number {
  const steps = strides(map)
  return map.reduce((rank, { name }, i) => rank + at[name] * steps[i]!, 0)
}

/**
 * Ranks that differ on the axes `along` only: with one axis its groups (`tensor`), with several the combined ones (`data` and `context`
 * for gradients). Groups and the ranks in them are ordered as RankGenerator.get_ranks gives them.
 */
export function groupsAlong<Name extends string>(
  map: RankMap<Name>,
  along: readonly Name[],
): readonly (readonly number[])[] {
  const steps = strides(map)
  const offsets = (isAlong: boolean): readonly number[] =>
    map.reduce<readonly number[]>(
      (found, { name, size }, i) => {
        if (along.includes(name) !== isAlong) return found
        return Array.from({ length: size }, (_, at) => found.map(offset => offset + at * steps[i]!)).flat()
      },
      [0],
    )
  const inside = offsets(true)
  return offsets(false).map(start => inside.map(offset => start + offset))
}

/** The group of one rank, without making the others. */
export function groupOf<Name extends string>(
  rank: number,
  map: RankMap<Name>,
  along: readonly Name[],
): readonly number[] {
  const at = coordinatesOf(rank, map)
  const rest = map.map(axis => (along.includes(axis.name) ? axis : { ...axis, size: 1 }))
  const start = rankAt({ ...at, ...Object.fromEntries(along.map(name => [name, 0])) }, map)
  const steps = strides(map)
  return rest.reduce<readonly number[]>(
    (found, { size }, i) => Array.from({ length: size }, (_, step) => found.map(r => r + step * steps[i]!)).flat(),
    [start],
  )
}
