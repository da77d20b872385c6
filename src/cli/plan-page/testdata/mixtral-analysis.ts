/** An analysis as the planner makes it, with round figures, for tests of what is made of it. */
import type { MemoryPrediction } from '../../../planner/cost/prediction.ts'
import type { Candidate, TrainingAnalysis } from '../../../planner/explain/training/analysis.ts'
import type { ModelSpec } from '../../../planner/model/model.ts'
import type { Layout } from '../../../planner/training/layout.ts'
import { denseMap, expertMap } from '../../../planner/training/degree-maps.ts'

export const GIB = 2 ** 30

const mixtral: ModelSpec = {
  name: 'mixtral-8x7b',
  hidden: 4096,
  vocab: 32_000,
  tiedEmbeddings: false,
  learnedPositions: 0,
  norm: 'rms',
  shapes: [
    {
      mixer: { kind: 'attention', heads: 32, kvHeads: 8, headDim: 128, qkvBias: false, outBias: false, qkNorm: false },
      mlp: {
        kind: 'experts',
        experts: 8,
        topK: 2,
        ffn: 14_336,
        gated: true,
        bias: false,
        routerBias: false,
        sharedFfn: 0,
        sharedGate: false,
      },
      extraNorms: 0,
    },
  ],
  layers: Array.from({ length: 32 }, () => 0),
  mtpLayers: 0,
}

export const layout: Layout = {
  data: 8,
  context: 1,
  tensor: 4,
  pipeline: 2,
  expert: 8,
  expertTensor: 1,
  schedule: 'interleaved',
  chunks: 2,
  stages: [8, 8, 8, 8],
  microBatch: 1,
  sequenceParallel: true,
  contextMethod: 'ring',
  zero: 1,
  shardRanks: 8,
  recompute: { kind: 'modules', modules: ['moe_act'] },
  offload: 'none',
  dispatcher: 'deepep',
}

const memory = (activations: number): MemoryPrediction => {
  const parts = { parameters: 6 * GIB, gradients: 12 * GIB, optimizerStates: 5 * GIB, activations, working: 3 * GIB }
  const allocated = Object.values(parts).reduce((sum, bytes) => sum + bytes, 0)
  return { ...parts, allocated, reserved: allocated * 1.05, context: 2 * GIB }
}

export const candidate = (change: Partial<Candidate>): Candidate => ({
  layout,
  devices: 64,
  stepSeconds: 4.31,
  memoryBytes: 61.2 * GIB,
  tokensPerSecond: 973_000,
  dollarsPerMillionTokens: 0.055,
  ...change,
})

const workload: TrainingAnalysis['workload'] = {
  sequence: 4096,
  globalBatch: 1024,
  precision: { gemm: 'bf16', base: 'bf16', gradientBytes: 4 },
  optimizer: { name: 'adam', stateBytes: 12 },
  expertImbalance: 1,
  causal: true,
}

const breakdown = (
  [
    ['experts', 'experts', 1.9],
    ['gemm', 'matrix products', 0.8],
    ['attention', 'attention', 0.5],
    ['expertComm', 'expert communication', 0.4],
    ['memoryBound', 'memory-bound passes', 0.3],
    ['bubble', 'pipeline bubble', 0.2],
    ['tensorComm', 'tensor communication', 0.1],
    ['dataComm', 'data communication', 0.06],
    ['optimizer', 'optimizer', 0.03],
    ['host', 'host', 0.02],
  ] as const
).map(([effect, label, time]) => ({ effect, label, seconds: time, share: time / 4.31 }))

export const mixtralAnalysis: TrainingAnalysis = {
  plan: {
    version: 1,
    name: 'mixtral',
    namespace: 'default',
    degrees: layout,
    ranks: 64,
    ranksPerPod: 8,
    pods: 8,
    dense: denseMap(layout),
    expert: expertMap(layout),
    reasons: [
      { choice: 'tensor = 4', because: 'as declared' },
      { choice: 'ranks = 64', because: 'told above' },
    ],
    expected: {
      fleet: 'h100x64',
      device: 'h100',
      stepSeconds: 4.31,
      memoryBytes: 61.2 * GIB,
      deviceMemoryBytes: 80 * GIB,
      tokensPerSecond: 973_000,
      modelFlopsUtilisation: 0.412,
    },
  },
  model: mixtral,
  fleet: {
    name: 'h100x64',
    pools: [
      {
        device: {
          name: 'H100 SXM',
          generation: 'hopper',
          peakFlops: { bf16: 989e12 },
          memoryBytes: 80 * GIB,
          memoryBytesPerSecond: 3.35e12,
          processors: 132,
          source: 'NVIDIA',
        },
        nodes: 8,
        devicesPerNode: 8,
        domainDevices: 8,
        scaleUpBytesPerSecond: 450e9,
        nicBytesPerSecond: 50e9,
        railAligned: true,
        failuresPerDeviceHour: 1.98e-5,
      },
    ],
    tiers: [],
    inNetworkReduction: false,
  },
  workload,
  software: { family: 'megatron', year: 2026, features: {} as TrainingAnalysis['software']['features'] },
  best: {
    ...candidate({ band80: [4.02, 4.71] }),
    prediction: {
      seconds: 4.31,
      breakdown: {} as TrainingAnalysis['best']['prediction']['breakdown'],
      stages: [30, 20].map(activations => ({
        forwardSeconds: 1,
        backwardSeconds: 2,
        memory: memory(activations * GIB),
      })),
      fits: true,
    },
  },
  breakdown,
  byAxis: [
    { axis: 'compute', seconds: 3.53, share: 0.819 },
    { axis: 'expert', seconds: 0.4, share: 0.093 },
  ],
  binding: { kind: 'compute', sentence: "matrix products: 63 % of the step is the devices' arithmetic" },
  alternatives: [
    {
      ...candidate({ stepSeconds: 4.57, memoryBytes: 55 * GIB }),
      choice: 'tensor',
      label: 'tensor 8 instead of 4',
      slowdown: 1.06,
      because: '6 % slower: 310 ms more tensor communication',
      differences: [],
    },
  ],
  pareto: [
    candidate({}),
    candidate({ stepSeconds: 5.1, memoryBytes: 40 * GIB, layout: { ...layout, recompute: { kind: 'full' } } }),
  ],
  cloud: [],
  counterfactuals: [
    { kind: 'network', change: 'twice the network', sentence: '1.04 times as fast, the same layout' },
    { kind: 'precision', change: 'fp8', sentence: '1.29 times as fast, the result differs' },
  ],
  replan: [
    {
      nodes: 7,
      devices: 56,
      candidate: candidate({ stepSeconds: 5.2, tokensPerSecond: 806_000, layout: { ...layout, data: 6 } }),
      idleDevices: 8,
      sentence: 'data 6 instead of 8',
    },
    { nodes: 1, devices: 8, idleDevices: 0, sentence: 'nothing fits' },
  ],
  goodput: {
    meanSecondsBetweenFailures: 2.84e6,
    checkpointBytes: 650e9,
    checkpointStallSeconds: 8,
    recoverySeconds: 300,
    checkpointIntervalSeconds: 6740,
    checkpointIntervalSteps: 1564,
    goodput: 0.9975,
    trainingSeconds: 1.03e6,
    trainingDollars: 55_200,
  },
  search: {
    considered: 1_204_331,
    rejected: [
      { rule: 'memory', count: 90_211, example: {}, because: 'the fullest rank needs more than 80 GiB' },
      { rule: 'divides', count: 1_000_020, example: {}, because: '32 heads do not divide by tensor' },
    ],
    fitting: 24_100,
    scored: 114_311,
    simulated: 34,
  },
}
