/** Cuts of layers into stages against all cuts there are. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type CutOptions, cutStages, slowestStage } from './cut-stages.ts'

function* allCuts(layers: number, stages: number, least: number): Generator<number[]> {
  if (stages === 1) {
    if (layers >= least) yield [layers]
    return
  }
  for (let first = least; first <= layers - (stages - 1) * least; first++)
    for (const rest of allCuts(layers - first, stages - 1, least)) yield [first, ...rest]
}

const squares = (costs: readonly number[], stages: readonly number[], options: CutOptions): number => {
  let from = 0
  return stages.reduce((sum, layers, stage) => {
    const inside = costs.slice(from, from + layers).reduce((a, b) => a + b, 0)
    from += layers
    const extras = (stage === 0 ? (options.first ?? 0) : 0) + (stage === stages.length - 1 ? (options.last ?? 0) : 0)
    return sum + ((inside + extras) * (options.slowness?.[stage] ?? 1)) ** 2
  }, 0)
}

test('no cut has a faster slowest stage, and none as fast is more even', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 9 }),
      fc.integer({ min: 1, max: 4 }),
      fc.record({
        first: fc.integer({ min: 0, max: 9 }),
        last: fc.integer({ min: 0, max: 20 }),
        least: fc.constantFrom(0, 1),
        slowness: fc.option(fc.array(fc.constantFrom(1, 1.5, 2), { minLength: 4, maxLength: 4 }), { nil: undefined }),
      }),
      (costs, stages, options) => {
        fc.pre(costs.length >= stages * options.least)
        const cut = cutStages(costs, stages, options)
        expect(cut.reduce((a, b) => a + b, 0)).toBe(costs.length)
        const others = [...allCuts(costs.length, stages, options.least)]
        const best = Math.min(...others.map(other => slowestStage(costs, other, options)))
        expect(slowestStage(costs, cut, options)).toBeCloseTo(best, 9)
        const asFast = others.filter(other => slowestStage(costs, other, options) <= best + 1e-9)
        expect(squares(costs, cut, options)).toBeCloseTo(
          Math.min(...asFast.map(other => squares(costs, other, options))),
          6,
        )
      },
    ),
    { numRuns: 500 },
  )
})

test('a heavy head takes layers off the last stage: Llama-3-8B over 4 stages, the head worth 2.4 layers', () => {
  const layers = Array.from({ length: 32 }, () => 1)
  expect(cutStages(layers, 4, { last: 2.4 })).toEqual([9, 9, 8, 6])
  expect(cutStages(layers, 4)).toEqual([8, 8, 8, 8])
})

test('126 layers over 16 stages of Llama-3.1-405B: the first and the last get one less, as Meta chose', () => {
  const cut = cutStages(
    Array.from({ length: 126 }, () => 1),
    16,
    { first: 0.1, last: 0.7 },
  )
  expect(cut).toEqual([7, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 7])
})

test('a slower device gets fewer layers', () => {
  const layers = Array.from({ length: 24 }, () => 1)
  expect(cutStages(layers, 4, { slowness: [1, 1, 2, 2] })).toEqual([8, 8, 4, 4])
})
