import { expect, test } from 'vitest'
import { MEASURED_LINKS, MEASURED_PASSES, type MeasuredDevice } from '../../../spec/measured-device.ts'
import { fleetFromDeclaration } from '../../fleet/declared-fleet.ts'
import { declaredModel } from '../../model/declared-model.ts'
import { precisionOf } from '../../training/declared-workload.ts'
import type { Layout } from '../../training/layout.ts'
import { onCores, softwareOf } from '../software/defaults.ts'
import { predictStep } from '../step/predict-step.ts'
import { onCurve } from './curve.ts'
import { measuredGemmSeconds } from './kernels.ts'
import { measuredCollective } from './links.ts'

/** A device of 100 GFLOP/s in every product, 10 GB/s between them and 1 GB/s to the other one. */
const pass = { bytes: [1e3, 1e9], forward: [1e-7, 0.1], backward: [2e-7, 0.2] }
const flat = [
  [1e11, 1e11],
  [1e11, 1e11],
]
const EVEN: MeasuredDevice = {
  kind: 'cpu',
  name: 'even',
  memoryBytes: 16e9,
  devices: 2,
  threads: 1,
  torch: '2',
  precisions: {
    fp32: {
      products: { sizes: [32, 2048], rates: [flat, flat], input_gradient: 1, weight_gradient: 1 },
      attention: { head_sizes: [32, 128], keys: [64, 1024], forward: flat, backward: flat },
      passes: Object.fromEntries(MEASURED_PASSES.map(name => [name, pass])) as Record<
        (typeof MEASURED_PASSES)[number],
        typeof pass
      >,
    },
  },
  update: { adam: { parameters: [1e3, 1e9], seconds: [1e-6, 1] } },
  links: Object.fromEntries(MEASURED_LINKS.map(op => [op, { bytes: [1e3, 1e9], seconds: [1e-6, 1] }])),
}

test('a curve goes through its points, is flat before the first and grows evenly after the last', () => {
  const [xs, ys] = [
    [10, 1000],
    [1, 100],
  ]
  expect([1, 10, 100, 1000, 2000].map(x => onCurve(xs!, ys!, x))).toEqual([1, 1, expect.closeTo(10), 100, 200])
})

test('a product of even rates takes its operations over the rate, whatever its sizes', () => {
  for (const m of [1, 32, 100, 9000])
    expect(measuredGemmSeconds(EVEN, { m, n: 300, k: 70 }, 'fp32', 'forward')).toBeCloseTo(
      (2 * m * 300 * 70) / 1e11,
      12,
    )
})

test('more ranks than were measured send what the best algorithm needs', () => {
  expect(measuredCollective(EVEN, 'all-reduce', 1e6, 2).seconds).toBeCloseTo(1e-3)
  expect(measuredCollective(EVEN, 'all-reduce', 1e6, 4).seconds).toBeCloseTo(1.5e-3)
})

const layout: Layout = {
  tensor: 1,
  context: 1,
  pipeline: 1,
  data: 2,
  expert: 1,
  expertTensor: 1,
  schedule: '1f1b',
  chunks: 1,
  stages: [4],
  microBatch: 1,
  sequenceParallel: false,
  contextMethod: 'ring',
  zero: 0,
  shardRanks: 2,
  recompute: { kind: 'none' },
  offload: 'none',
  dispatcher: 'alltoall',
}

function stepOf(change: Partial<Layout>) {
  const fleet = fleetFromDeclaration({ pools: [{ device: 'a core', nodes: 1, measured: EVEN }] }, 'here')
  const model = declaredModel({ name: 'small', layers: 4, hidden: 512, heads: 8, ffn: 1408, vocab: 4096 })
  if (!fleet.ok || !model.ok) throw new Error('the fleet and the model are good')
  const precision = precisionOf('fp32')
  return predictStep({
    fleet: fleet.value,
    model: model.value,
    layout: { ...layout, ...change },
    software: onCores(softwareOf('solvent', 2026)),
    workload: {
      sequence: 256,
      globalBatch: 8,
      precision,
      optimizer: { name: 'adam', stateBytes: 8 },
      expertImbalance: 1,
      causal: true,
    },
  })
}

test('a step of copies is its products, what lies between, the update and a reduction that nothing hides', () => {
  const { breakdown, fits } = stepOf({})
  expect(fits).toBe(true)
  const weights = 4 * (4 * 512 * 512 + 3 * 512 * 1408) + 512 * 4096
  expect(breakdown.gemm).toBeCloseTo((6 * weights * 4 * 256) / 1e11, 2)
  expect(breakdown.dataComm).toBeCloseTo((4 * (weights + 512 * 4096)) / 1e9, 2)
  expect(breakdown.host + breakdown.other).toBe(0)
})

test('layers hand four bytes an element to each other in fp32', () => {
  const { breakdown } = stepOf({ data: 1, tensor: 2 })
  // Two sums a layer and direction, for each of eight sequences.
  const said = 2 * 2 * 4 * 8 * 4 * 256 * 512
  expect(breakdown.tensorComm).toBeCloseTo(said / 1e9, 3)
})

test('a measurement with a hole is refused with the place', () => {
  const broken = { ...EVEN, precisions: { fp32: { ...EVEN.precisions.fp32!, passes: {} as never } } }
  const fleet = fleetFromDeclaration({ pools: [{ device: 'a core', nodes: 1, measured: broken }] }, 'here')
  expect(fleet).toMatchObject({
    ok: false,
    problems: [{ field: 'spec.pools[0].measured.precisions.fp32.passes.norm' }],
  })
})
