import { expect, test } from 'vitest'
import { type DeclaredModel, declaredModel } from '../../../model/declared-model.ts'
import { parameters } from '../../../model/parameters.ts'
import { deepspeedZero2, deepspeedZero3 } from './deepspeed.ts'
import { galvatronZero2Share, galvatronZero3Share } from './galvatron.ts'
import { korthikantiFirstStageBytes, korthikantiLayerBytes } from './korthikanti.ts'
import { megatronMemory } from './megatron.ts'

const GIB = 2 ** 30

function declared(numbers: DeclaredModel) {
  const model = declaredModel(numbers)
  if (!model.ok) throw new Error(JSON.stringify(model.problems))
  return model.value
}

const gpt = { gated: false, norm: 'layer', tiedEmbeddings: true, vocab: 51200 } as const
const LATENT = { qRank: 1536, kvRank: 512, nopeDim: 128, ropeDim: 64, valueDim: 128 }
const MODELS: Readonly<Record<string, DeclaredModel>> = {
  llama3_8b: { layers: 32, hidden: 4096, ffn: 14336, heads: 32, kvHeads: 8, vocab: 128256 },
  llama3_70b: { layers: 80, hidden: 8192, ffn: 28672, heads: 64, kvHeads: 8, vocab: 128256 },
  llama3_405b: { layers: 126, hidden: 16384, ffn: 53248, heads: 128, kvHeads: 8, vocab: 128256 },
  gpt3_175b: { ...gpt, layers: 96, hidden: 12288, ffn: 49152, heads: 96 },
  gpt_22b: { ...gpt, layers: 48, hidden: 6144, ffn: 24576, heads: 64 },
  mixtral_8x7b: { layers: 32, hidden: 4096, ffn: 14336, heads: 32, kvHeads: 8, vocab: 32000, experts: 8, topK: 2 },
  mixtral_8x22b: { layers: 56, hidden: 6144, ffn: 16384, heads: 48, kvHeads: 8, vocab: 32768, experts: 8, topK: 2 },
  qwen3_30b_a3b: {
    layers: 48,
    hidden: 2048,
    ffn: 6144,
    expertFfn: 768,
    heads: 32,
    kvHeads: 4,
    headDim: 128,
    vocab: 151936,
    experts: 128,
    topK: 8,
  },
  qwen3_235b_a22b: {
    layers: 94,
    hidden: 4096,
    ffn: 12288,
    expertFfn: 1536,
    heads: 64,
    kvHeads: 4,
    headDim: 128,
    vocab: 151936,
    experts: 128,
    topK: 8,
  },
  deepseek_v3: {
    layers: 61,
    hidden: 7168,
    ffn: 18432,
    expertFfn: 2048,
    sharedFfn: 2048,
    heads: 128,
    latent: LATENT,
    vocab: 129280,
    experts: 256,
    topK: 8,
    denseLayers: 3,
  },
}

type MegatronRow = [
  string,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  boolean,
  number,
  number,
  number,
]
/** Model; ranks, tensor, pipeline, chunks, expert; sequence, micro-batch, padded vocabulary, distributed optimizer; bytes and MiB printed. */
const MEGATRON: readonly MegatronRow[] = [
  ['llama3_8b', 8, 1, 1, 0, 1, 8192, 1, 128256, true, 60226959360.0, 36936.06, 38761.87],
  ['llama3_8b', 8, 2, 1, 0, 1, 8192, 1, 128256, true, 36137373696.0, 18468.03, 24807.37],
  ['llama3_70b', 64, 8, 4, 0, 1, 8192, 1, 129024, true, 27258544128.0, 20512.03, 70157.06],
  ['llama3_70b', 64, 4, 8, 5, 1, 8192, 1, 128512, true, 28829429760.0, 48278.55, 101701.1],
  ['llama3_405b', 1024, 8, 16, 0, 1, 8192, 1, 129024, true, 25517729280.0, 62752.12, 222298.65],
  ['gpt3_175b', 64, 8, 8, 3, 1, 2048, 1, 51200, false, 50348611584.0, 12679.02, 40882.97],
  ['gpt_22b', 8, 8, 1, 0, 1, 2048, 4, 51200, false, 49651605504.0, 10022.01, 31705.87],
  ['mixtral_8x7b', 64, 1, 4, 0, 8, 4096, 1, 32000, true, 20063312640.0, 16448.12, 18345.73],
  ['mixtral_8x7b', 8, 1, 1, 0, 8, 4096, 1, 32000, true, 113510873088.0, 16964.03, 18591.33],
  ['mixtral_8x22b', 128, 2, 8, 0, 8, 4096, 1, 32768, true, 28437466752.0, 19360.12, 31248.26],
  ['qwen3_30b_a3b', 16, 1, 1, 0, 16, 4096, 1, 151936, true, 43017205248.0, 13934.03, 14980.38],
  ['qwen3_235b_a22b', 256, 2, 8, 0, 32, 4096, 1, 152064, true, 20939700096.0, 22624.12, 34877.06],
  ['deepseek_v3', 1024, 2, 16, 0, 64, 4096, 1, 129280, true, 17510588016.0, 24380.25, 39925.72],
  ['deepseek_v3', 256, 1, 8, 0, 32, 4096, 1, 129280, true, 64049258832.0, 48536.25, 61211.06],
]

test.each(MEGATRON)('Megatron-LM estimates %s on %i ranks', (...row) => {
  const [name, ranks, tensor, pipeline, chunks, expert, sequence, microBatch, paddedVocab, isDistributed] = row
  const memory = megatronMemory(declared(MODELS[name]!), {
    ranks,
    tensor,
    pipeline,
    ...(chunks > 0 ? { chunks } : {}),
    expert,
    expertTensor: 1,
    sequence,
    microBatch,
    microBatches: 64,
    paddedVocab,
    ffn: MODELS[name]!.ffn!,
    distributedOptimizer: isDistributed,
  })
  expect(memory.weightAndOptimizerBytes).toBeCloseTo(row[10], 0)
  expect(memory.activationBytes / 2 ** 20).toBeCloseTo(row[11], 1)
  expect(memory.activationBytesWithoutSequenceParallel / 2 ** 20).toBeCloseTo(row[12], 1)
})

type DeepSpeedRow = [string, number, number, boolean, boolean, boolean, number, number]
/** Model, ZeRO stage, nodes of 8; offload of optimizer and parameters, sharded init; GiB of host and device printed. */
const DEEPSPEED: readonly DeepSpeedRow[] = [
  ['t5-3b(2851M,largest 32M)', 2, 1, true, false, false, 127.4496, 5.3104],
  ['t5-3b(2851M,largest 32M)', 2, 1, false, false, false, 127.4496, 11.2846],
  ['t5-3b(2851M,largest 32M)', 3, 1, true, true, true, 71.6904, 0.1192],
  ['t5-3b(2851M,largest 32M)', 3, 1, true, true, false, 127.4496, 0.1192],
  ['t5-3b(2851M,largest 32M)', 3, 1, true, false, true, 63.7248, 0.783],
  ['t5-3b(2851M,largest 32M)', 3, 1, true, false, false, 127.4496, 0.783],
  ['t5-3b(2851M,largest 32M)', 3, 1, false, false, true, 1.4305, 6.0934],
  ['t5-3b(2851M,largest 32M)', 3, 1, false, false, false, 127.4496, 6.0934],
  ['t5-3b(2851M,largest 32M)', 2, 8, true, false, false, 1019.5971, 5.3104],
  ['t5-3b(2851M,largest 32M)', 2, 8, false, false, false, 127.4496, 6.0572],
  ['t5-3b(2851M,largest 32M)', 3, 8, true, true, true, 8.9613, 0.1192],
  ['t5-3b(2851M,largest 32M)', 3, 8, true, true, false, 127.4496, 0.1192],
  ['t5-3b(2851M,largest 32M)', 3, 8, true, false, true, 7.9656, 0.2022],
  ['t5-3b(2851M,largest 32M)', 3, 8, true, false, false, 127.4496, 0.2022],
  ['t5-3b(2851M,largest 32M)', 3, 8, false, false, true, 1.4305, 0.866],
  ['t5-3b(2851M,largest 32M)', 3, 8, false, false, false, 127.4496, 0.866],
  ['Llama-3-8B', 2, 1, true, false, false, 358.9807, 14.9575],
  ['Llama-3-8B', 2, 1, false, false, false, 358.9807, 31.7847],
  ['Llama-3-8B', 3, 1, true, true, true, 201.9266, 1.957],
  ['Llama-3-8B', 3, 1, true, true, false, 358.9807, 1.957],
  ['Llama-3-8B', 3, 1, true, false, true, 179.4903, 3.8267],
  ['Llama-3-8B', 3, 1, true, false, false, 358.9807, 3.8267],
  ['Llama-3-8B', 3, 1, false, false, true, 23.4844, 18.7842],
  ['Llama-3-8B', 3, 1, false, false, false, 358.9807, 18.7842],
  ['Llama-3-8B', 2, 8, true, false, false, 2871.8452, 14.9575],
  ['Llama-3-8B', 2, 8, false, false, false, 358.9807, 17.0609],
  ['Llama-3-8B', 3, 8, true, true, true, 25.2408, 1.957],
  ['Llama-3-8B', 3, 8, true, true, false, 358.9807, 1.957],
  ['Llama-3-8B', 3, 8, true, false, true, 22.4363, 2.1907],
  ['Llama-3-8B', 3, 8, true, false, false, 358.9807, 2.1907],
  ['Llama-3-8B', 3, 8, false, false, true, 23.4844, 4.0604],
  ['Llama-3-8B', 3, 8, false, false, false, 358.9807, 4.0604],
  ['Llama-3-70B', 2, 1, true, false, false, 3153.9965, 131.4165],
  ['Llama-3-70B', 2, 1, false, false, false, 3153.9965, 279.2601],
  ['Llama-3-70B', 3, 1, true, true, true, 1774.123, 3.9141],
  ['Llama-3-70B', 3, 1, true, true, false, 3153.9965, 3.9141],
  ['Llama-3-70B', 3, 1, true, false, true, 1576.9982, 20.3411],
  ['Llama-3-70B', 3, 1, true, false, false, 3153.9965, 20.3411],
  ['Llama-3-70B', 3, 1, false, false, true, 46.9688, 151.7576],
  ['Llama-3-70B', 3, 1, false, false, false, 3153.9965, 151.7576],
  ['Llama-3-70B', 2, 8, true, false, false, 25231.9717, 131.4165],
  ['Llama-3-70B', 2, 8, false, false, false, 3153.9965, 149.897],
  ['Llama-3-70B', 3, 8, true, true, true, 221.7654, 3.9141],
  ['Llama-3-70B', 3, 8, true, true, false, 3153.9965, 3.9141],
  ['Llama-3-70B', 3, 8, true, false, true, 197.1248, 5.9674],
  ['Llama-3-70B', 3, 8, true, false, false, 3153.9965, 5.9674],
  ['Llama-3-70B', 3, 8, false, false, true, 46.9688, 22.3945],
  ['Llama-3-70B', 3, 8, false, false, false, 3153.9965, 22.3945],
]

/** The largest layer is the embedding. */
const SIZES: Readonly<Record<string, readonly [number, number]>> = {
  't5-3b(2851M,largest 32M)': [2851e6, 32e6],
  'Llama-3-8B': [parameters(declared(MODELS.llama3_8b!)).total, 128256 * 4096],
  'Llama-3-70B': [parameters(declared(MODELS.llama3_70b!)).total, 128256 * 8192],
}

test.each(DEEPSPEED)('DeepSpeed estimates %s with ZeRO %i on %i nodes', (...row) => {
  const [name, stage, nodes, offloadOptimizer, offloadParameters, shardedInit, hostGib, deviceGib] = row
  const [count, largestLayer] = SIZES[name]!
  const run = { parameters: count, gpusPerNode: 8, nodes, offloadOptimizer }
  const memory =
    stage === 2 ? deepspeedZero2(run) : deepspeedZero3({ ...run, largestLayer, offloadParameters, shardedInit })
  expect(memory.hostBytes / GIB / hostGib).toBeCloseTo(1, 3)
  expect(memory.deviceBytes / GIB / deviceGib).toBeCloseTo(1, 2)
})

type GptRow = [string, number, number, number, number, number, number, number, number, string, boolean, number, number]
/** Model; sequence, micro-batch, hidden, heads, layers; tensor, pipeline, chunks; recompute, sequence parallel; bytes a layer, GiB. */
const KORTHIKANTI: readonly GptRow[] = [
  ['22B', 2048, 4, 6144, 64, 48, 8, 1, 1, 'none', false, 1325400064.0, 59.25],
  ['22B', 2048, 4, 6144, 64, 48, 8, 1, 1, 'none', true, 884998144.0000001, 39.56250000000001],
  ['22B', 2048, 4, 6144, 64, 48, 8, 1, 1, 'selective', false, 654311424.0, 29.25],
  ['22B', 2048, 4, 6144, 64, 48, 8, 1, 1, 'selective', true, 213909504.0, 9.5625],
  ['22B', 2048, 4, 6144, 64, 48, 8, 1, 1, 'full', false, 100663296.0, 4.5],
  ['22B', 2048, 4, 6144, 64, 48, 8, 1, 1, 'full', true, 12582912.0, 0.5625],
  ['175B', 2048, 1, 12288, 96, 96, 8, 8, 3, 'none', false, 578813952.0, 66.84375],
  ['175B', 2048, 1, 12288, 96, 96, 8, 8, 3, 'none', true, 358612992.0, 41.4140625],
  ['175B', 2048, 1, 12288, 96, 96, 8, 8, 3, 'selective', false, 327155712.0, 37.78125],
  ['175B', 2048, 1, 12288, 96, 96, 8, 8, 3, 'selective', true, 106954752.0, 12.3515625],
  ['175B', 2048, 1, 12288, 96, 96, 8, 8, 3, 'full', false, 50331648.0, 5.8125],
  ['175B', 2048, 1, 12288, 96, 96, 8, 8, 3, 'full', true, 6291456.0, 0.7265625],
  ['530B', 2048, 1, 20480, 128, 105, 8, 35, 3, 'none', false, 880803840.0, 114.0234375],
  ['530B', 2048, 1, 20480, 128, 105, 8, 35, 3, 'none', true, 513802240.0, 66.513671875],
  ['530B', 2048, 1, 20480, 128, 105, 8, 35, 3, 'selective', false, 545259520.0, 70.5859375],
  ['530B', 2048, 1, 20480, 128, 105, 8, 35, 3, 'selective', true, 178257920.0, 23.076171875],
  ['530B', 2048, 1, 20480, 128, 105, 8, 35, 3, 'full', false, 83886080.0, 10.859375],
  ['530B', 2048, 1, 20480, 128, 105, 8, 35, 3, 'full', true, 10485760.0, 1.357421875],
  ['1T', 2048, 1, 25600, 160, 128, 8, 64, 1, 'none', false, 1101004800.0, 131.25],
  ['1T', 2048, 1, 25600, 160, 128, 8, 64, 1, 'none', true, 642252800.0, 76.5625],
  ['1T', 2048, 1, 25600, 160, 128, 8, 64, 1, 'selective', false, 681574400.0, 81.25],
  ['1T', 2048, 1, 25600, 160, 128, 8, 64, 1, 'selective', true, 222822400.0, 26.5625],
  ['1T', 2048, 1, 25600, 160, 128, 8, 64, 1, 'full', false, 104857600.0, 12.5],
  ['1T', 2048, 1, 25600, 160, 128, 8, 64, 1, 'full', true, 13107200.0, 1.5625],
]

test.each(KORTHIKANTI)('Table 2 of Korthikanti et al.: %s', (...row) => {
  const [, sequence, microBatch, hidden, heads, layers, tensor, pipeline, chunks, recompute, sequenceParallel] = row
  const cut = { sequence, microBatch, hidden, heads, layers, tensor, pipeline, chunks, sequenceParallel }
  const full = { ...cut, recompute: recompute as 'none' | 'selective' | 'full' }
  expect(korthikantiLayerBytes(full) / row[11]).toBeCloseTo(1, 9)
  expect(korthikantiFirstStageBytes(full) / GIB).toBeCloseTo(row[12], 5)
})

test.each([
  [2, 0.565125, 0.503],
  [4, 0.346375, 0.253],
  [8, 0.237, 0.128],
  [16, 0.1823125, 0.0655],
])('Galvatron keeps its shares on %i ranks', (ranks, zero2, zero3) => {
  expect(galvatronZero2Share(ranks)).toBeCloseTo(zero2, 9)
  expect(galvatronZero3Share(ranks)).toBeCloseTo(zero3, 9)
})
