/** Placements by the whole cost model: what published runs chose, and where nothing is to be gained. */
import { expect, test } from 'vitest'
import { softwareOf } from '../cost/software/defaults.ts'
import type { Fleet } from '../fleet/fleet.ts'
import { presetFleet } from '../fleet/preset.ts'
import { declaredModel } from '../model/declared-model.ts'
import { optimizerOf, precisionOf } from '../training/declared-workload.ts'
import type { Layout } from '../training/layout.ts'
import { placeLayout } from './place-layout.ts'

const precision = precisionOf('bf16')
const workload = {
  sequence: 8192,
  globalBatch: 2048,
  precision,
  optimizer: optimizerOf(undefined, precision),
  expertImbalance: 1,
  causal: true,
}
const model = (() => {
  const found = declaredModel({ layers: 126, hidden: 16384, heads: 128, kvHeads: 8, ffn: 53248, vocab: 128_256 })
  if (!found.ok) throw new Error('the model is whole')
  return found.value
})()

/** Llama 3 405B on 16,384 H100 as its paper has it (2407.21783, table 4), the pipeline cut evenly. */
const layout: Layout = {
  tensor: 8,
  context: 1,
  data: 128,
  pipeline: 16,
  expert: 1,
  expertTensor: 8,
  schedule: 'interleaved',
  chunks: 7,
  stages: Array.from({ length: 112 }, (_, i) => (i < 14 ? 2 : 1)),
  microBatch: 1,
  sequenceParallel: true,
  contextMethod: 'ring',
  zero: 1,
  shardRanks: 128,
  recompute: { kind: 'none' },
  offload: 'none',
  dispatcher: 'alltoall',
}
const place = (fleet: Fleet) => placeLayout({ model, fleet, workload, layout, software: softwareOf('megatron', 2026) })

test("on a network that loses nothing Megatron's order stays", () => {
  const placed = place(presetFleet('h100x16384'))
  expect(placed.deviceOfRank).toBeUndefined()
  expect(placed.seconds).toBe(placed.baselineSeconds)
})

// Section 3.3.2: [TP, CP, PP, DP], since data-parallel traffic hides best and the aggregation layer is oversubscribed 1:7.
test("on Llama 3's network, 1:7 above pods, data ranks are the farthest apart, as its authors had it", () => {
  const fleet = { ...presetFleet('h100x16384'), tiers: [{ name: 'pod', nodes: 384, oversubscription: 7 }] }
  const placed = place(fleet)
  expect(placed.order.filter(axis => layout[axis] > 1)).toEqual(['tensor', 'pipeline', 'data'])
  expect(placed.seconds).toBeLessThan(placed.baselineSeconds)
  expect(placed.spans.pipeline.tier).toBe(-1)
})
