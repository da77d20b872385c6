/** Rank groups against a slow and plainly right version, and against the examples in Megatron-LM's own documentation. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { packageRoot } from '../../base/package-root.ts'
import { denseMap, expertMap } from './degree-maps.ts'
import type { Degrees } from './plan.ts'
import { coordinatesOf, groupOf, groupsAlong, type RankMap, rankAt, ranksOf } from './rank-map.ts'

const degrees = (given: Partial<Degrees>): Degrees => {
  const whole = { data: 1, context: 1, tensor: 1, pipeline: 1, expert: 1, ...given }
  return { expertTensor: whole.tensor, ...whole }
}

/** Walks all ranks as nested loops would, outermost axis last, and puts together those that agree on every other axis. */
function slowGroups(map: RankMap, along: readonly string[]): number[][] {
  const places = map.reduce<Record<string, number>[]>(
    (found, { name, size }) =>
      Array.from({ length: size }, (_, at) => found.map(place => ({ ...place, [name]: at }))).flat(),
    [{}],
  )
  const groups = new Map<string, number[]>()
  places.forEach((place, rank) => {
    const key = map
      .filter(({ name }) => !along.includes(name))
      .map(({ name }) => place[name])
      .join()
    groups.set(key, [...(groups.get(key) ?? []), rank])
  })
  return [...groups.values()]
}

const anyMap: fc.Arbitrary<RankMap> = fc
  .array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 })
  .map(sizes => sizes.map((size, i) => ({ name: 'abcd'[i]!, size })))

test('groups are those of the slow version, in its order', () => {
  fc.assert(
    fc.property(anyMap, fc.subarray(['a', 'b', 'c', 'd']), (map, along) => {
      const groups = groupsAlong(map, along)
      expect(groups).toEqual(slowGroups(map, along))
    }),
  )
})

test('every rank is in exactly one group of each axis, groups have the size of the axis, and a group knows itself', () => {
  fc.assert(
    fc.property(anyMap, map => {
      const all = Array.from({ length: ranksOf(map) }, (_, rank) => rank)
      for (const { name, size } of map) {
        const groups = groupsAlong(map, [name])
        expect(groups.flat().sort((a, b) => a - b)).toEqual(all)
        expect(groups.every(group => group.length === size)).toBe(true)
        for (const group of groups) for (const rank of group) expect(groupOf(rank, map, [name])).toEqual(group)
      }
    }),
  )
})

test('a rank and its coordinates are each other', () => {
  fc.assert(
    fc.property(anyMap, map => {
      for (let rank = 0; rank < ranksOf(map); rank++) expect(rankAt(coordinatesOf(rank, map), map)).toBe(rank)
    }),
  )
  expect(() => coordinatesOf(8, [{ name: 'a', size: 8 }])).toThrow('rank 8 is one of 8')
})

// parallel_state.py, docstring of initialize_model_parallel: 16 GPUs, tensor 2, pipeline 4.
const SIXTEEN = denseMap(degrees({ tensor: 2, data: 2, pipeline: 4 }))

test.each<[string, RankMap, string[], number[][]]>([
  [
    'tensor groups of 16 GPUs',
    SIXTEEN,
    ['tensor'],
    [
      [0, 1],
      [2, 3],
      [4, 5],
      [6, 7],
      [8, 9],
      [10, 11],
      [12, 13],
      [14, 15],
    ],
  ],
  [
    'pipeline groups of 16 GPUs',
    SIXTEEN,
    ['pipeline'],
    [
      [0, 4, 8, 12],
      [1, 5, 9, 13],
      [2, 6, 10, 14],
      [3, 7, 11, 15],
    ],
  ],
  [
    'data groups of 16 GPUs',
    SIXTEEN,
    ['data'],
    [
      [0, 2],
      [1, 3],
      [4, 6],
      [5, 7],
      [8, 10],
      [9, 11],
      [12, 14],
      [13, 15],
    ],
  ],
  // Docstring of generate_masked_orthogonal_rank_groups: sizes [2, 3, 4], the middle axis: 0 2 4 first, 19 21 23 last.
  [
    'the middle axis of 2 x 3 x 4',
    [
      { name: 'tp', size: 2 },
      { name: 'dp', size: 3 },
      { name: 'pp', size: 4 },
    ],
    ['dp'],
    [
      [0, 2, 4],
      [1, 3, 5],
      [6, 8, 10],
      [7, 9, 11],
      [12, 14, 16],
      [13, 15, 17],
      [18, 20, 22],
      [19, 21, 23],
    ],
  ],
  [
    'data of the order tp-pp-dp',
    [
      { name: 'tp', size: 2 },
      { name: 'pp', size: 2 },
      { name: 'dp', size: 2 },
    ],
    ['dp'],
    [
      [0, 4],
      [1, 5],
      [2, 6],
      [3, 7],
    ],
  ],
  [
    'context inside data: gradients are summed over both',
    denseMap(degrees({ tensor: 2, context: 2, data: 2 })),
    ['data', 'context'],
    [
      [0, 2, 4, 6],
      [1, 3, 5, 7],
    ],
  ],
  [
    'experts over data and tensor ranks of a stage (tensor 2, data 4, expert 4, expertTensor 1)',
    expertMap(degrees({ tensor: 2, data: 4, expert: 4, expertTensor: 1 })),
    ['expert'],
    [
      [0, 1, 2, 3],
      [4, 5, 6, 7],
    ],
  ],
  [
    'copies of an expert (tensor 2, data 4, pipeline 2, expert 2)',
    expertMap(degrees({ tensor: 2, data: 4, pipeline: 2, expert: 2 })),
    ['expertData'],
    [
      [0, 4],
      [1, 5],
      [2, 6],
      [3, 7],
      [8, 12],
      [9, 13],
      [10, 14],
      [11, 15],
    ],
  ],
])('%s', (_, map, along, expected) => expect(groupsAlong(map, along)).toEqual(expected))

test('dense and expert parameters have the same pipeline groups, and as many ranks', () => {
  const power = fc.integer({ min: 0, max: 2 }).map(n => 2 ** n)
  fc.assert(
    fc.property(
      fc.record({ data: power, context: power, tensor: power, pipeline: power }),
      fc.nat(6),
      fc.nat(6),
      (given, e, t) => {
        const stage = given.data * given.context * given.tensor
        const expertTensor = Math.min(2 ** t, stage)
        const whole = degrees({ ...given, expertTensor, expert: Math.min(2 ** e, stage / expertTensor) })
        expect(ranksOf(expertMap(whole))).toBe(ranksOf(denseMap(whole)))
        expect(groupsAlong(expertMap(whole), ['pipeline'])).toEqual(groupsAlong(denseMap(whole), ['pipeline']))
      },
    ),
  )
})

test('the groups in docs/parallelism.md are computed', () => {
  const text = readFileSync(join(packageRoot(), 'docs/parallelism.md'), 'utf8')
  const whole = degrees({ data: 2, tensor: 4, pipeline: 2, expert: 2 })
  const shown = (map: RankMap, axis: string): string => {
    const groups = groupsAlong(map, [axis])
    return groups[0]!.length === 1 ? 'each rank alone' : groups.map(group => group.join(' ')).join(' · ')
  }
  for (const axis of ['tensor', 'data', 'pipeline'])
    expect(text).toContain(`| ${axis} | ${shown(denseMap(whole), axis)} |`)
  for (const axis of ['expert', 'expertTensor', 'expertData'])
    expect(text).toContain(`| ${axis} | ${shown(expertMap(whole), axis)} |`)
})
