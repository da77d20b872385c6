import { expect, test } from 'vitest'
import { presetFleet } from '../../fleet/preset.ts'
import type { Operator } from '../../model/operator.ts'
import { STEP_CONSTANTS } from '../data/constants.ts'
import { softwareOf } from '../software/defaults.ts'
import { linksOf } from './links.ts'
import { pricesOf } from './predict-step.ts'
import { overlapExcess } from './tensor-overlap.ts'

const fleet = presetFleet('h100x8')
const HIDDEN = 8192

function excess(tensor: number, overlapTensor: boolean): number {
  const software = softwareOf('nemo', 2025, { overlapTensor })
  const workload = {
    sequence: 4096,
    globalBatch: 8,
    precision: { gemm: 'bf16', base: 'bf16', gradientBytes: 2 },
    optimizer: { name: 'adam', stateBytes: 12 },
    expertImbalance: 1,
    causal: true,
  } as const
  const layout = {
    tensor,
    context: 1,
    data: 8 / tensor,
    pipeline: 1,
    expert: 1,
    expertTensor: 1,
    zero: 1,
    shardRanks: 1,
  } as const
  const products: readonly Operator[] = [
    { kind: 'gemm', module: 'qkv', m: 4096, n: 10_240 / tensor, k: HIDDEN },
    { kind: 'gemm', module: 'out', m: 4096, n: HIDDEN, k: HIDDEN / tensor },
  ]
  return overlapExcess({
    operators: products,
    direction: 'forward',
    cut: {
      tensor,
      context: 1,
      expert: 1,
      expertTensor: 1,
      sequenceParallel: tensor > 1,
      tokens: 4096,
      sequence: 4096,
      contextMethod: 'ring',
    },
    hidden: HIDDEN,
    links: linksOf(fleet, layout),
    prices: pricesOf({ fleet, workload, software }, STEP_CONSTANTS),
  })
}

test('what does not overlap costs nothing here', () => {
  expect(excess(8, false)).toBe(0)
  expect(excess(1, true)).toBe(0)
})

test("at eight ranks attention's projections hide less than at four", () => {
  expect(excess(8, true)).toBeGreaterThan(excess(4, true))
  expect(excess(4, true)).toBeGreaterThanOrEqual(0)
})
