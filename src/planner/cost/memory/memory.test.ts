/** Published peaks of memory in GiB, and what we answer for them. The whole list of runs: bench/planner/memory-rows.ts. */
import { describe, expect, test } from 'vitest'
import type { Generation } from '../../fleet/device.ts'
import { type DeclaredModel, declaredModel } from '../../model/declared-model.ts'
import type { Layout, Recompute, Workload } from '../../training/layout.ts'
import type { StepInput } from '../prediction.ts'
import type { Family, Software } from '../software.ts'
import { fittingRecompute, isPossible } from './fitting-recompute.ts'
import { predictMemory } from './memory.ts'

const GIB = 2 ** 30

const NO_FEATURES = {
  compile: false,
  cudaGraphs: false,
  flashAttention: true,
  fusedCrossEntropy: false,
  fusedRouter: false,
  fusedPermute: false,
  overlapTensor: false,
  overlapGradients: true,
  overlapParameters: true,
  overlapPipeline: true,
  overlapExpert: false,
  delayWeightGradient: false,
}

const software = (family: Family, year: number, features: Partial<Software['features']> = {}): Software => ({
  family,
  year,
  features: { ...NO_FEATURES, ...features },
})

interface Run {
  readonly model: DeclaredModel
  readonly software: Software
  readonly sequence: number
  readonly layout?: Partial<Layout>
  readonly workload?: Partial<Workload>
  readonly memoryGib?: number
  readonly generation?: Generation
}

function inputOf(run: Run): StepInput {
  const model = declaredModel(run.model)
  if (!model.ok) throw new Error(JSON.stringify(model.problems))
  const { data = 1, context = 1, tensor = 1, pipeline = 1 } = run.layout ?? {}
  const layout: Layout = {
    data,
    context,
    tensor,
    pipeline,
    expert: 1,
    expertTensor: 1,
    schedule: '1f1b',
    chunks: 1,
    stages: Array.from({ length: pipeline }, () => run.model.layers / pipeline),
    microBatch: 1,
    sequenceParallel: tensor > 1,
    contextMethod: 'ring',
    zero: 1,
    shardRanks: data * context,
    recompute: { kind: 'none' },
    offload: 'none',
    dispatcher: 'alltoall',
    ...run.layout,
  }
  const workload: Workload = {
    sequence: run.sequence,
    globalBatch: 1024,
    precision: { gemm: 'bf16', base: 'bf16', gradientBytes: 4 },
    optimizer: { name: 'adam', stateBytes: 12 },
    expertImbalance: 1,
    causal: true,
    ...run.workload,
  }
  return { model: model.value, layout, workload, software: run.software, fleet: fleetOf(run) }
}

const fleetOf = ({ memoryGib = 79, generation = 'hopper' }: Run): StepInput['fleet'] => ({
  name: 'one',
  pools: [
    {
      device: {
        name: 'device',
        generation,
        peakFlops: {},
        memoryBytes: memoryGib * GIB,
        memoryBytesPerSecond: 1,
        processors: 1,
        source: '',
      },
      nodes: 1,
      devicesPerNode: 8,
      domainDevices: 8,
      scaleUpBytesPerSecond: 1,
      nicBytesPerSecond: 1,
      railAligned: true,
      failuresPerDeviceHour: 0,
    },
  ],
  tiers: [],
  inNetworkReduction: false,
})

/** 1F1B: the first stage holds as many micro-batches as there are stages. */
const inFlightOf = ({ layout: { pipeline } }: StepInput): readonly number[] =>
  Array.from({ length: pipeline }, (_, rank) => pipeline - rank)

const worst = (run: Run) => {
  const input = inputOf(run)
  const stages = predictMemory(input, inFlightOf(input))
  return stages.reduce((most, stage) => (stage.allocated > most.allocated ? stage : most))
}

const MEGATRON = software('megatron', 2026.5, { fusedCrossEntropy: true })
const LLAMA_70B: DeclaredModel = { layers: 12, hidden: 8192, ffn: 28672, heads: 64, kvHeads: 8, vocab: 128256 }
const LLAMA_405B: DeclaredModel = { layers: 4, hidden: 16384, ffn: 53248, heads: 128, kvHeads: 16, vocab: 128256 }
const LATENT = { qRank: 1536, kvRank: 512, nopeDim: 128, ropeDim: 64, valueDim: 128 }
const DEEPSEEK: Pick<DeclaredModel, 'layers' | 'heads' | 'latent' | 'denseLayers'> = {
  layers: 4,
  heads: 128,
  latent: LATENT,
  denseLayers: 1,
}
const DEEPSEEK_V2: DeclaredModel = {
  ...DEEPSEEK,
  hidden: 5120,
  ffn: 12288,
  expertFfn: 1536,
  sharedFfn: 3072,
  experts: 160,
  topK: 6,
  vocab: 102400,
}
const DEEPSEEK_V3: DeclaredModel = {
  ...DEEPSEEK,
  hidden: 7168,
  ffn: 18432,
  expertFfn: 2048,
  sharedFfn: 2048,
  experts: 256,
  topK: 8,
  vocab: 129280,
}

describe('Megatron-LM with Transformer Engine 2.11 on 8 B200 (SimuMax, max_memory_allocated)', () => {
  type Row = [string, DeclaredModel, number, number, number, number, number, number, number]
  /** Sequence, tensor, context, pipeline, data, expert; GiB. */
  const rows: readonly Row[] = [
    ['llama3-70b', LLAMA_70B, 4096, 1, 1, 2, 4, 1, 66.55],
    ['llama3-70b', LLAMA_70B, 4096, 2, 1, 1, 4, 1, 60.68],
    ['llama3-70b', LLAMA_70B, 4096, 4, 1, 1, 2, 1, 39.07],
    ['llama3-70b', LLAMA_70B, 4096, 8, 1, 1, 1, 1, 28.29],
    ['llama3-70b', LLAMA_70B, 32768, 2, 4, 1, 1, 1, 68.43],
    ['llama3-70b', LLAMA_70B, 32768, 1, 8, 1, 1, 1, 104.51],
    ['llama3-70b', LLAMA_70B, 131072, 2, 4, 1, 1, 1, 112.67],
    ['llama3-70b', LLAMA_70B, 131072, 1, 8, 1, 1, 1, 147.99],
    ['llama3-405b', LLAMA_405B, 4096, 1, 1, 2, 4, 1, 87.08],
    ['llama3-405b', LLAMA_405B, 4096, 2, 1, 1, 4, 1, 81.59],
    ['llama3-405b', LLAMA_405B, 4096, 4, 1, 1, 2, 1, 52.89],
    ['llama3-405b', LLAMA_405B, 4096, 8, 1, 1, 1, 1, 38.57],
    ['llama3-405b', LLAMA_405B, 32768, 2, 4, 1, 1, 1, 87.03],
    ['llama3-405b', LLAMA_405B, 32768, 1, 8, 1, 1, 1, 139.22],
    ['llama3-405b', LLAMA_405B, 131072, 2, 4, 1, 1, 1, 118.13],
    ['deepseek-v2', DEEPSEEK_V2, 4096, 1, 1, 1, 8, 8, 45.63],
    ['deepseek-v2', DEEPSEEK_V2, 4096, 1, 1, 2, 4, 4, 44.7],
    ['deepseek-v3', DEEPSEEK_V3, 4096, 1, 1, 1, 8, 8, 104.3],
    ['deepseek-v3', DEEPSEEK_V3, 4096, 1, 1, 2, 4, 4, 114],
  ]

  test.each(rows)('%s', (...[, model, sequence, tensor, context, pipeline, data, expert, gib]) => {
    const layout = { tensor, context, pipeline, data, expert, contextMethod: 'ulysses' as const }
    const { allocated } = worst({ model, software: MEGATRON, sequence, layout })
    expect(Math.abs(allocated / GIB / gib - 1)).toBeLessThan(0.001)
  })
})

describe('torchtitan (reserved)', () => {
  const LLAMA_8B: DeclaredModel = { layers: 32, hidden: 4096, ffn: 14336, heads: 32, kvHeads: 8, vocab: 128256 }
  const LLAMA_70B_WHOLE: DeclaredModel = { ...LLAMA_70B, layers: 80 }
  const compiled = software('torchtitan', 2025, { compile: true })
  const eager = software('torchtitan', 2025)
  const selective: Recompute = { kind: 'modules', modules: ['layernorm', 'mlp'] }
  const full: Recompute = { kind: 'full' }

  test.each([
    ['8B on 8, eager', LLAMA_8B, eager, 8192, { data: 8, microBatch: 2, recompute: selective }, 82.4],
    ['8B on 8, compiled', LLAMA_8B, compiled, 8192, { data: 8, microBatch: 2, recompute: selective }, 77],
    ['8B on 128, eager', LLAMA_8B, eager, 8192, { data: 128, microBatch: 2, recompute: selective }, 67],
    ['8B on 128, compiled', LLAMA_8B, compiled, 8192, { data: 128, microBatch: 2, recompute: selective }, 62],
    ['8B, long sequences', LLAMA_8B, compiled, 32768, { data: 8, recompute: full }, 83.9],
    ['8B, context over 8', LLAMA_8B, compiled, 262144, { context: 8, recompute: full }, 84.5],
    ['70B, tensor 8', LLAMA_70B_WHOLE, compiled, 8192, { data: 32, tensor: 8, microBatch: 16, recompute: full }, 71.9],
  ] as const)('%s', (_, model, framework, sequence, layout, gib) => {
    const { reserved } = worst({ model, software: framework, sequence, layout: { ...layout, zero: 3 } })
    expect(Math.abs(reserved / GIB / gib - 1)).toBeLessThan(0.05)
  })

  test('Llama-2-70B on 64 A100 does not fit with selective recompute, as published', () => {
    const run: Run = {
      model: { ...LLAMA_70B_WHOLE, vocab: 32000 },
      software: software('torchtitan', 2024.2),
      sequence: 4096,
      generation: 'ampere',
      layout: { data: 64, microBatch: 2, zero: 3, recompute: selective },
    }
    const input = inputOf(run)
    expect(isPossible(input, [1])).toBe(false)
    expect(fittingRecompute(input, [1])).toEqual(full)
  })
})

test('BLOOM-104B with 64 stages runs out of the 32 GB of a V100, with 16 or 32 it does not, as published', () => {
  const possible = (tensor: number, pipeline: number, data: number): boolean => {
    const input = inputOf({
      model: {
        layers: 64,
        hidden: 11600,
        ffn: 46400,
        heads: 80,
        vocab: 50257,
        gated: false,
        norm: 'layer',
        tiedEmbeddings: true,
      },
      software: software('deepspeed', 2021.5, { flashAttention: false }),
      sequence: 2048,
      generation: 'volta',
      memoryGib: 31.7,
      layout: { tensor, pipeline, data, sequenceParallel: false, recompute: { kind: 'full' } },
      workload: {
        precision: { gemm: 'fp16', base: 'fp16', gradientBytes: 2 },
        optimizer: { name: 'adam8bit', stateBytes: 6 },
      },
    })
    return isPossible(input, inFlightOf(input))
  }
  expect(possible(1, 64, 2)).toBe(false)
  expect(possible(2, 32, 2)).toBe(true)
  expect(possible(4, 16, 2)).toBe(true)
})

test('an 8-bit optimizer saves what its states say', () => {
  const run: Run = { model: LLAMA_70B, software: MEGATRON, sequence: 4096, layout: { tensor: 8 } }
  const eightBit = worst({ ...run, workload: { optimizer: { name: 'adam8bit', stateBytes: 6 } } })
  expect(eightBit.optimizerStates).toBeCloseTo(worst(run).optimizerStates / 2, 0)
})
