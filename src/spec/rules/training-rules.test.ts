/** Rules of what the planner is given: their exact words, and that each fix is true when typed. */
import { expect, test } from 'vitest'
import { formatProblem } from '../../base/problem.ts'
import { checkDeclaration } from '../check/check-declaration.ts'
import { declarationInfo } from '../schema/kinds-table.ts'

type Fields = Readonly<Record<string, unknown>>

const MODEL = { layers: 32, hidden: 4096, heads: 64, vocab: 32_000 }
const CONFIG = {
  huggingface: {
    config: { model_type: 'mixtral', num_attention_heads: 32, num_local_experts: 8, num_hidden_layers: 32 },
  },
}
const DATA = { sequenceLength: 4096, globalBatch: 256 }

const problemsOf = (change: Fields): string[] =>
  checkDeclaration(declarationInfo('TrainingJob')!, {
    apiVersion: 'solvent.dev/v1alpha1',
    kind: 'TrainingJob',
    metadata: { name: 'j' },
    spec: { parallelism: {}, framework: { command: ['a'] }, model: MODEL, data: DATA, ...change },
  }).map(formatProblem)

test.each<[string, Fields]>([
  ['numbers', {}],
  ['a config', { model: CONFIG, fleet: { preset: 'gb200-nvl72x8' } }],
  ['a config that is not read yet', { model: { huggingface: { file: './config.json' } }, parallelism: { expert: 8 } }],
  ['some degrees', { parallelism: { tensor: 8, expert: 1 }, ranksPerPod: 8 }],
  [
    'everything fixed',
    {
      parallelism: { data: 4, tensor: 4, pipeline: 2, context: 2 },
      microBatch: 2,
      schedule: 'interleaved',
      chunks: 2,
      stages: [8, 8, 8, 8],
      recompute: { kind: 'full', layers: 2 },
      zero: 1,
      shardRanks: 4,
      ranksPerPod: 8,
    },
  ],
])('a job with %s breaks no rule', (_, change) => expect(problemsOf(change)).toEqual([]))

test.each<[string, Fields, string, Fields]>([
  [
    'heads that the tensor degree does not divide',
    { parallelism: { tensor: 6 } },
    'spec.parallelism.tensor is 6, but 64 attention heads do not divide by 6. Use 1, 2, 4, 8, 16, 32 or 64.',
    { parallelism: { tensor: 8 } },
  ],
  [
    'the same, told by config.json',
    { model: CONFIG, parallelism: { tensor: 64 } },
    'spec.parallelism.tensor is 64, but 32 attention heads do not divide by 64. Use 1, 2, 4, 8, 16 or 32.',
    { model: CONFIG, parallelism: { tensor: 32 } },
  ],
  [
    'experts that the expert degree does not divide',
    { model: CONFIG, parallelism: { expert: 3 } },
    'spec.parallelism.expert is 3, but 8 experts do not divide by 3. Use 1, 2, 4 or 8.',
    { model: CONFIG, parallelism: { expert: 4 } },
  ],
  [
    'an expert degree for a model without experts',
    { parallelism: { expert: 2 } },
    'spec.parallelism.expert is 2, but the model has no experts. Use 1.',
    { parallelism: { expert: 1 } },
  ],
  [
    'a batch that the data degree does not divide',
    { data: { ...DATA, globalBatch: 100 }, parallelism: { data: 8 } },
    'spec.data.globalBatch is 100, but data (8) does not divide it. Write 96 or 104, or set data to 1, 2, 4, 5, 10, 20, 25, 50 or 100.',
    { data: { ...DATA, globalBatch: 104 }, parallelism: { data: 8 } },
  ],
  [
    'micro-batches that do not divide the batch',
    { data: { ...DATA, globalBatch: 12 }, parallelism: { data: 2 }, microBatch: 4 },
    'spec.data.globalBatch is 12, but data (2) x microBatch (4) = 8 does not divide it. Write 8 or 16, or set data to 1 or 3.',
    { data: { ...DATA, globalBatch: 12 }, parallelism: { data: 3 }, microBatch: 4 },
  ],
  [
    'a sequence that the context degree does not divide',
    { data: { ...DATA, sequenceLength: 6000 }, parallelism: { context: 7 } },
    'spec.parallelism.context is 7, but a sequence of 6000 tokens does not divide by 7. Use 1, 2, 3, 4, 5, 6, 8 or 10.',
    { data: { ...DATA, sequenceLength: 6000 }, parallelism: { context: 8 } },
  ],
  [
    'half a model',
    { model: { layers: 2, hidden: 64 } },
    'spec.model has no heads and vocab, but a model cannot be planned without. Add heads and vocab, or write model: { huggingface: ./config.json }',
    { model: { layers: 2, hidden: 64, heads: 4, vocab: 100 } },
  ],
  [
    'no model in model',
    { model: {} },
    'spec.model has no layers, hidden, heads and vocab, but a model cannot be planned without. Write model: { huggingface: ./config.json }',
    { model: { huggingface: { file: './config.json' } } },
  ],
  [
    'a model told twice',
    { model: { ...CONFIG, layers: 2 } },
    'spec.model has huggingface and layers, but config.json tells the numbers. Keep huggingface, or the numbers without it.',
    { model: CONFIG },
  ],
  [
    'an empty config',
    { model: { huggingface: {} } },
    'spec.model.huggingface is empty. Write huggingface: ./config.json',
    { model: { huggingface: { file: './config.json' } } },
  ],
  [
    'a model and no data',
    { data: undefined },
    'spec.data is missing, but the strategy for a model depends on what a step reads. Add data: { sequenceLength: 4096, globalBatch: 256 }',
    {},
  ],
  [
    'a fleet told twice',
    { fleet: { preset: 'h100x64', pools: [{ device: 'h100', nodes: 1 }] } },
    'spec.fleet has preset and pools, but exactly one is possible. Keep one of preset or pools.',
    { fleet: { preset: 'h100x64' } },
  ],
  [
    'an empty fleet',
    { fleet: {} },
    'spec.fleet has none of preset, name or pools, but exactly one is needed. Write fleet: h100x64',
    { fleet: { preset: 'h100x64' } },
  ],
  [
    'switches that do not nest',
    {
      fleet: {
        preset: 'h100x64',
        tiers: [
          { name: 'leaf', nodes: 4 },
          { name: 'spine', nodes: 6 },
        ],
      },
    },
    'spec.fleet.tiers[1].nodes is 6, but the level below has 4 nodes a switch, and whole switches hang on one of this level. Write 8.',
    {
      fleet: {
        preset: 'h100x64',
        tiers: [
          { name: 'leaf', nodes: 4 },
          { name: 'spine', nodes: 8 },
        ],
      },
    },
  ],
  [
    'a domain of part of a node',
    { fleet: { pools: [{ device: 'gb200', nodes: 18, devicesPerNode: 4, domainDevices: 70 }] } },
    'spec.fleet.pools[0].domainDevices is 70, but nodes have 4 devices, and whole nodes are joined. Write 72.',
    { fleet: { pools: [{ device: 'gb200', nodes: 18, devicesPerNode: 4, domainDevices: 72 }] } },
  ],
  [
    'switches beside the name of a fleet that has its own',
    { fleet: { name: 'ours', tiers: [] } },
    'spec.fleet.tiers is given, but the Fleet object that name names has its own. Remove it.',
    { fleet: { name: 'ours' } },
  ],
  [
    'too few stages',
    { parallelism: { pipeline: 4 }, stages: [16, 16] },
    'spec.stages has 2, but pipeline (4) x chunks (1) = 4. Write 4 numbers.',
    { parallelism: { pipeline: 4 }, stages: [8, 8, 8, 8] },
  ],
  [
    'stages that leave layers out',
    { parallelism: { pipeline: 2 }, stages: [16, 15] },
    'spec.stages adds up to 31, but the model has 32 layers. Write numbers that add up to 32.',
    { parallelism: { pipeline: 2 }, stages: [16, 16] },
  ],
  [
    'stages without a pipeline',
    { stages: [16, 16] },
    'spec.stages is given, but pipeline is not. Add pipeline: 2 under parallelism.',
    { parallelism: { pipeline: 2 }, stages: [16, 16] },
  ],
  [
    'chunks that the schedule does not have',
    { schedule: 'zbv', chunks: 4 },
    'spec.chunks is 4, but a rank of schedule zbv holds 2. Write 2, or leave it to the planner.',
    { schedule: 'zbv', chunks: 2 },
  ],
  [
    'modules without a list',
    { recompute: { kind: 'modules' } },
    'spec.recompute.modules is missing. Add modules: [core_attn]',
    { recompute: { kind: 'modules', modules: ['core_attn'] } },
  ],
  [
    'a list without modules',
    { recompute: { kind: 'none', modules: ['mlp'] } },
    'spec.recompute.kind is "none", but modules are given. Write kind: modules, or remove modules.',
    { recompute: { kind: 'modules', modules: ['mlp'] } },
  ],
  [
    'layers of nothing',
    { recompute: { kind: 'none', layers: 2 } },
    'spec.recompute.layers is 2, but only whole layers are counted. Remove it, or write kind: full.',
    { recompute: { kind: 'full', layers: 2 } },
  ],
  [
    'shards that do not divide the copies',
    { parallelism: { data: 8 }, shardRanks: 3 },
    'spec.shardRanks is 3, but it does not divide data x context = 8. Use 1, 2, 4 or 8.',
    { parallelism: { data: 8 }, shardRanks: 4 },
  ],
])('a job with %s is told what would work', (_, change, expected, fixed) => {
  expect(problemsOf(change)).toEqual([expected])
  expect(problemsOf(fixed)).toEqual([])
})
