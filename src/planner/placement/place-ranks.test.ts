/** Placement: spans of permuted ranks agree with those of regular groups, the cheapest order wins, and only a true gain moves ranks. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { linksOf } from '../cost/step/links.ts'
import type { Fleet } from '../fleet/fleet.ts'
import { presetFleet } from '../fleet/preset.ts'
import { neighbourSpanOf } from '../fleet/span.ts'
import { axisOrders, devicesOfRanks, MEGATRON_ORDER } from './axis-orders.ts'
import type { GroupSpans } from './group-spans.ts'
import { megatronSpans, placeRanks } from './place-ranks.ts'
import type { GroupedLayout } from './rank-groups.ts'

const layoutOf = (given: Partial<GroupedLayout>): GroupedLayout => {
  const { tensor = 1, data = 1, context = 1 } = given
  return {
    data,
    context,
    tensor,
    pipeline: 1,
    expert: 1,
    expertTensor: tensor,
    zero: 1,
    shardRanks: data * context,
    ...given,
  }
}
const power = (most: number) => fc.integer({ min: 0, max: most }).map(n => 2 ** n)
const anyLayout: fc.Arbitrary<GroupedLayout> = fc
  .record({ data: power(3), context: power(1), tensor: power(3), pipeline: power(2), expert: power(3), part: power(3) })
  .map(({ part, ...degrees }) => {
    const averaged = degrees.data * degrees.context
    return layoutOf({ ...degrees, expert: Math.min(degrees.expert, averaged), shardRanks: Math.min(part, averaged) })
  })

/** Two nodes a leaf, four a spine; both cost much. */
const steep = (name: string): Fleet => ({
  ...presetFleet(name),
  tiers: [
    { name: 'leaf', nodes: 2, oversubscription: 4 },
    { name: 'spine', nodes: 4, oversubscription: 4 },
  ],
})

test("in Megatron's order every group lies where the cost model takes it to lie", () => {
  fc.assert(
    fc.property(anyLayout, fc.constantFrom('h100x512', 'gb200-nvl72x8'), (layout, name) => {
      const fleet = steep(name)
      const { tensor, context, data, pipeline } = layout
      const world = tensor * context * data * pipeline
      const { fleet: _fleet, pool: _pool, ranks: _ranks, ...links } = linksOf(fleet, layout)
      const neighbours = neighbourSpanOf(fleet, { size: pipeline, stride: world / pipeline, world })
      const expected: GroupSpans = { ...links, pipeline: neighbours }
      const found = megatronSpans(fleet, layout)
      for (const [name, span] of Object.entries(expected))
        expect({ [name]: { ...found[name as keyof GroupSpans], isRailAligned: span.isRailAligned } }).toEqual({
          [name]: span,
        })
    }),
    { numRuns: 200 },
  )
})

test('an order gives every rank a device of its own, and Megatron numbers them as they are', () => {
  fc.assert(
    fc.property(anyLayout, layout => {
      const [first, ...others] = axisOrders(layout)
      expect(first).toEqual(MEGATRON_ORDER)
      expect([...devicesOfRanks(first!, layout)]).toEqual([...devicesOfRanks(first!, layout).keys()])
      for (const order of others)
        expect([...devicesOfRanks(order, layout)].sort((a, b) => a - b)).toEqual([
          ...devicesOfRanks(first!, layout).keys(),
        ])
    }),
  )
})

test('the order taken is never dearer than any other, and ranks stay where they are unless it is cheaper', () => {
  const weight = fc.record({
    tensor: fc.nat(9),
    context: fc.nat(9),
    data: fc.nat(9),
    pipeline: fc.nat(9),
    expert: fc.nat(9),
  })
  fc.assert(
    fc.property(anyLayout, weight, (layout, weights) => {
      const seconds = (spans: GroupSpans): number =>
        1 +
        Object.entries(weights).reduce(
          (sum, [name, w]) => sum + w * (spans[name as 'data'].tier + spans[name as 'data'].nodes),
          0,
        )
      const placed = placeRanks(steep('h100x512'), layout, seconds)
      expect(placed.seconds).toBeLessThanOrEqual(placed.baselineSeconds)
      expect(placed.seconds).toBe(seconds(placed.spans))
      expect(placed.deviceOfRank === undefined).toBe(placed.seconds === placed.baselineSeconds)
    }),
    { numRuns: 200 },
  )
})

test('tensor groups in a node, data groups on their rails: nothing to gain', () => {
  const traffic = ({ tensor, data }: GroupSpans): number => tensor.nodes * 0.1 + data.nodes * 0.01
  const placed = placeRanks(presetFleet('h100x64'), layoutOf({ tensor: 8, data: 8 }), traffic)
  expect(placed.deviceOfRank).toBeUndefined()
  expect(placed.reasons).toEqual([
    { choice: 'order = tensor, data', because: "Megatron's order; the next best takes 630 ms a step longer" },
    { choice: 'tensor groups of 8', because: 'inside a node' },
    { choice: 'data groups of 8', because: 'one rank a node over 8 nodes, each on its rail' },
  ])
})

test('a pipeline that talks more than data ranks do moves below them', () => {
  const fleet = steep('h100x64')
  const layout = layoutOf({ tensor: 8, data: 4, pipeline: 2 })
  const traffic = ({ tensor, data, pipeline }: GroupSpans): number =>
    tensor.nodes + 0.05 * data.oversubscription + 0.3 * pipeline.oversubscription
  const placed = placeRanks(fleet, layout, traffic)
  expect(placed.order).toEqual(['tensor', 'pipeline', 'data', 'context'])
  expect(placed.spans.pipeline).toMatchObject({ tier: -1, nodes: 2 })
  expect(placed.baselineSeconds - placed.seconds).toBeCloseTo(0.3 * 15 - 0.05 * 12)
  // Rank 8 is the second data rank; its device is behind the pipeline's two nodes.
  expect([0, 1, 8, 32].map(rank => placed.deviceOfRank![rank])).toEqual([0, 1, 16, 8])
  expect(placed.reasons[0]).toEqual({
    choice: 'order = tensor, pipeline, data',
    because:
      "saves 3.90 s a step over Megatron's tensor, context, data, pipeline: pipeline ranks are nearer to each other",
  })
})

test('128 ranks on two racks of 72 use 64 of each', () => {
  const placed = placeRanks(presetFleet('gb200-nvl72x2'), layoutOf({ tensor: 8, data: 16, expert: 8 }), () => 1)
  expect(placed.ranksPerDomain).toBe(64)
  expect(placed.spans.expert).toMatchObject({ size: 8, domains: 1 })
  expect(placed.reasons.at(-1)).toEqual({
    choice: 'data groups of 16',
    because: 'one rank a node over 16 nodes, each on its rail',
  })
})
