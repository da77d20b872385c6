/** Stages against every way to cut a few layers. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cutEvenly } from './stage-cut.ts'

const slowest = (
  costs: readonly number[],
  extras: { first: number; last: number },
  stages: readonly number[],
): number => {
  let layer = 0
  return Math.max(
    ...stages.map((count, stage) => {
      const own = costs.slice(layer, layer + count).reduce((sum, cost) => sum + cost, 0)
      layer += count
      return own + (stage === 0 ? extras.first : 0) + (stage === stages.length - 1 ? extras.last : 0)
    }),
  )
}

function* everyCut(layers: number, numStages: number): Generator<number[]> {
  if (numStages === 1) {
    yield [layers]
    return
  }
  for (let first = 1; first <= layers - numStages + 1; first++)
    for (const rest of everyCut(layers - first, numStages - 1)) yield [first, ...rest]
}

const cost = fc.double({ min: 0.1, max: 3, noNaN: true })
const costs = fc.oneof(
  fc.array(cost, { minLength: 1, maxLength: 9 }),
  fc.tuple(cost, fc.integer({ min: 1, max: 9 })).map(([one, count]) => Array.from({ length: count }, () => one)),
)

test('no other cut has a faster slowest stage', () => {
  fc.assert(
    fc.property(costs, cost, cost, fc.integer({ min: 1, max: 9 }), (layers, first, last, wanted) => {
      const numStages = Math.min(wanted, layers.length)
      const extras = { first, last }
      const cut = cutEvenly(layers, extras, numStages)
      expect(cut.reduce((sum, count) => sum + count, 0)).toBe(layers.length)
      expect(Math.min(...cut)).toBeGreaterThan(0)
      const best = Math.min(...[...everyCut(layers.length, numStages)].map(other => slowest(layers, extras, other)))
      expect(slowest(layers, extras, cut)).toBeLessThanOrEqual(best * (1 + 1e-6))
    }),
  )
})
