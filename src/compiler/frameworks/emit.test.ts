/** Plans as the frameworks' files: golden ones in testdata/, and what a framework cannot run. test/frameworks has their own parsers read them. */
import { expect, test } from 'vitest'
import { emissionOf, planCases } from '../../../test/frameworks/planned-cases.ts'
import { formatProblem } from '../../base/problem.ts'
import type { Layout } from '../../planner/training/layout.ts'
import { emit, type Framework } from './emit.ts'

const refused = (framework: Framework, plan: string, change: Partial<Layout> = {}): readonly string[] => {
  const emitted = emit(framework, emissionOf(planCases.find(({ name }) => name === plan)!, framework, change))
  return emitted.ok ? [] : emitted.problems.map(formatProblem)
}

test.each(planCases.flatMap(plan => plan.frameworks.map(framework => ({ plan, framework, name: plan.name }))))(
  '$name for $framework',
  async ({ plan, framework }) => {
    const emitted = emit(framework, emissionOf(plan, framework))
    if (!emitted.ok) throw new Error(emitted.problems.map(formatProblem).join('\n'))
    const { file: name, text } = emitted.value

    await expect(text).toMatchFileSnapshot(`testdata/${plan.name}.${name}`)
  },
)

test('what a reader must add or know', async () => {
  const notes = planCases.flatMap(plan =>
    plan.frameworks.flatMap(framework => {
      const emitted = emit(framework, emissionOf(plan, framework))
      return emitted.ok ? [`${plan.name} for ${framework}`, ...emitted.value.notes.map(note => `  ${note}`)] : []
    }),
  )
  await expect(`${notes.join('\n')}\n`).toMatchFileSnapshot('testdata/notes.txt')
})

test.each<[Framework, string, Partial<Layout>, readonly string[]]>([
  [
    'megatron',
    'fsdp-8b',
    { offload: 'activations' },
    [
      'spec.offload is activations, but Megatron-LM offloads activations only without pipeline stages and recompute. Use offload: none.',
    ],
  ],
  [
    'megatron',
    'fp8-70b',
    { schedule: 'zbv', chunks: 2 },
    ['spec.schedule is zbv, but Megatron-LM runs 1f1b and interleaved. Use schedule: interleaved.'],
  ],
  [
    'megatron',
    'fp8-70b',
    { zero: 0 },
    [
      'spec.zero is 0, but Megatron-LM keeps small or offloaded optimizer states only in its distributed optimizer. Use zero: 1.',
    ],
  ],
  [
    'torchtitan',
    'pipeline-405b',
    { zero: 1, schedule: 'zb-h2' },
    [
      'spec.schedule is zb-h2, but torch has no such schedule. Use schedule: zb-h1.',
      'spec.zero is 1, but torchtitan shards parameters and gradients along with the optimizer. Use zero: 2, which keeps parameters between forward and backward, or 3.',
    ],
  ],
  [
    'torchtitan',
    'experts-qwen3',
    { pipeline: 2, data: 8, shardRanks: 8, stages: [24, 24] },
    ['spec.parallelism.pipeline is 2, but torchtitan does not cut its qwen3 into stages. Use pipeline: 1.'],
  ],
  [
    'torchtitan',
    'pipeline-405b',
    { zero: 0 },
    ['spec.zero is 0, but torchtitan keeps whole copies only of models that no other axis cuts. Use zero: 3.'],
  ],
  [
    'torchtitan',
    'experts-v3-titan',
    { shardRanks: 16, context: 2, data: 16 },
    [
      'spec.shardRanks is 16, but torchtitan carves 32 expert ranks out of the ranks that share one copy. Use 32.',
      "spec.parallelism.context is 2, but torchtitan's deepseek_v3 has flex attention, which it does not cut. Use context: 1.",
    ],
  ],
  [
    'torchtitan',
    'ring-8b',
    { contextMethod: 'ulysses', shardRanks: 4 },
    [
      'spec.shardRanks is 4, but torchtitan shards over all 8 context ranks and some data ranks. Use a multiple of 8 that divides 32.',
      'spec.contextMethod is ulysses, but torchtitan cuts attention as a ring. Use contextMethod: ring.',
    ],
  ],
  [
    'deepspeed',
    'deepspeed-3d',
    { zero: 2 },
    ["spec.zero is 2, but DeepSpeed's pipeline shards no more than optimizer states. Use zero: 1, or pipeline: 1."],
  ],
  [
    'deepspeed',
    'experts-qwen3',
    { zero: 3, shardRanks: 8 },
    ["spec.shardRanks is 8, but DeepSpeed's expert parallelism with ZeRO 3 shards over all ranks. Use 16."],
  ],
  [
    'deepspeed',
    'ulysses-8b',
    { contextMethod: 'ring' },
    ['spec.contextMethod is ring, but DeepSpeed cuts sequences by Ulysses. Use contextMethod: ulysses.'],
  ],
  [
    'accelerate',
    'fsdp-8b',
    { zero: 1 },
    [
      'spec.zero is 1, but FSDP shards gradients and parameters along with the optimizer. Use zero: 2 or 3, or DeepSpeed.',
    ],
  ],
  [
    'transformers',
    'hsdp-70b',
    {},
    [
      "spec.parallelism has more than one sharded axis, but the Trainer's JSON arguments shard over all ranks. Use --for accelerate, whose file holds every axis.",
    ],
  ],
])('%s cannot run %s with %o', (framework, plan, change, problems) => {
  expect(refused(framework, plan, change)).toEqual(problems)
})

test('a rank file puts ranks, as frameworks number them, where the plan wants them', () => {
  const input = emissionOf(planCases.find(({ name }) => name === 'zbv-8b')!, 'ranks')
  const lines = (deviceOfRank?: readonly number[]): readonly string[] => {
    const emitted = emit('ranks', { ...input, ...(deviceOfRank ? { deviceOfRank } : {}) })
    return emitted.ok ? emitted.value.text.split('\n').slice(0, 3) : []
  }
  expect(lines()).toEqual(['rank 0=node0 slot=0', 'rank 1=node0 slot=1', 'rank 2=node0 slot=2'])
  const strided = Array.from({ length: 16 }, (_, rank) => (rank % 2) * 8 + Math.floor(rank / 2))
  expect(lines(strided)).toEqual(['rank 0=node0 slot=0', 'rank 1=node1 slot=0', 'rank 2=node0 slot=1'])
})
