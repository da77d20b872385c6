import '../../../../test/properties.ts'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { declaredModel } from '../../model/declared-model.ts'
import { inFlight } from '../../schedule/in-flight.ts'
import type { Layout, Recompute } from '../../training/layout.ts'
import type { MemoryPrediction, StepInput } from '../prediction.ts'
import { softwareOf } from '../software/defaults.ts'
import { predictMemory } from './memory.ts'

const model = declaredModel({
  layers: 16,
  hidden: 2048,
  heads: 16,
  kvHeads: 8,
  ffn: 8192,
  vocab: 64000,
  experts: 16,
  topK: 2,
  expertFfn: 1024,
  denseLayers: 4,
})

const RECOMPUTES: readonly Recompute[] = [
  { kind: 'none' },
  { kind: 'modules', modules: ['layernorm', 'moe_act'] },
  { kind: 'modules', modules: ['layernorm', 'mlp', 'moe'] },
  { kind: 'full' },
]

const anyInput = fc
  .record({
    family: fc.constantFrom('megatron' as const, 'torchtitan' as const, 'deepspeed' as const),
    data: fc.constantFrom(2, 4, 8),
    context: fc.constantFrom(1, 2),
    tensor: fc.constantFrom(1, 2, 4),
    pipeline: fc.constantFrom(1, 2, 4),
    chunks: fc.constantFrom(1, 2),
    expert: fc.constantFrom(1, 2),
    zero: fc.constantFrom(0 as const, 1 as const, 2 as const, 3 as const),
    microBatch: fc.constantFrom(1, 2),
    recompute: fc.constantFrom(...RECOMPUTES),
  })
  .map(({ family, ...sizes }): StepInput => {
    if (!model.ok) throw new Error('refused')
    const chunks = sizes.pipeline > 1 ? sizes.chunks : 1
    const layout: Layout = {
      ...sizes,
      chunks,
      expertTensor: 1,
      schedule: chunks > 1 ? 'interleaved' : '1f1b',
      stages: Array.from({ length: sizes.pipeline * chunks }, () => 16 / (sizes.pipeline * chunks)),
      sequenceParallel: sizes.tensor > 1,
      contextMethod: 'ring',
      shardRanks: sizes.data * sizes.context,
      offload: 'none',
      dispatcher: 'alltoall',
    }
    return {
      model: model.value,
      layout,
      workload: {
        sequence: 4096,
        globalBatch: 256,
        precision: { gemm: 'bf16', base: 'bf16', gradientBytes: 4 },
        optimizer: { name: 'adam', stateBytes: 12 },
        expertImbalance: 1,
        causal: true,
      },
      software: softwareOf(family, 2026),
      fleet: { name: 'none', pools: [], tiers: [], inNetworkReduction: false },
    }
  })

const predict = (input: StepInput): readonly MemoryPrediction[] => {
  const { pipeline, chunks, schedule } = input.layout
  const shape = { pipeline, chunks, microBatches: 8 }
  return predictMemory(
    input,
    Array.from({ length: pipeline }, (_, rank) => inFlight(schedule, rank, shape)),
  )
}
const changed = (input: StepInput, layout: Partial<Layout>): StepInput => ({
  ...input,
  layout: { ...input.layout, ...layout },
})
const worst = (input: StepInput): number => Math.max(...predict(input).map(rank => rank.allocated))

test('parts are there, add up, and are never below zero', () => {
  fc.assert(
    fc.property(anyInput, input => {
      const ranks = predict(input)
      expect(ranks).toHaveLength(input.layout.pipeline)
      for (const rank of ranks) {
        const { parameters, gradients, optimizerStates, activations, working, allocated, reserved, context } = rank
        for (const part of [parameters, gradients, optimizerStates, activations, working, context])
          expect(part).toBeGreaterThanOrEqual(0)
        expect(parameters + gradients + optimizerStates + activations + working).toBeCloseTo(allocated, 0)
        expect(reserved).toBeGreaterThan(allocated)
      }
    }),
  )
})

test('a higher ZeRO stage holds no more states', () => {
  fc.assert(
    fc.property(anyInput, input => {
      const states = (zero: Layout['zero']): number =>
        Math.max(
          ...predict(changed(input, { zero })).map(rank => rank.parameters + rank.gradients + rank.optimizerStates),
        )
      // Under a pipeline FSDP keeps a stage whole, and pays for it.
      const last = input.software.family === 'torchtitan' && input.layout.pipeline > 1 ? 2 : 3
      for (let zero = 1; zero <= last; zero++)
        expect(states(zero as Layout['zero'])).toBeLessThanOrEqual(states((zero - 1) as Layout['zero']) + 1)
    }),
  )
})

test('a larger micro-batch never needs less', () => {
  fc.assert(
    fc.property(anyInput, input => {
      expect(worst(changed(input, { microBatch: 2 * input.layout.microBatch }))).toBeGreaterThan(worst(input))
    }),
  )
})

test('full recompute keeps less than none', () => {
  fc.assert(
    fc.property(anyInput, input => {
      const kept = (recompute: Recompute): number =>
        Math.max(...predict(changed(input, { recompute })).map(rank => rank.activations))
      expect(kept({ kind: 'full' })).toBeLessThan(kept({ kind: 'none' }))
    }),
  )
})
