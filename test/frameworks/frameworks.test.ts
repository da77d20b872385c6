/**
 * What we emit, read by the frameworks themselves: Megatron-LM's arguments and TransformerConfig, torchtitan's ConfigManager, DeepSpeedConfig,
 * Accelerate's launcher, transformers' HfArgumentParser. Each must understand the plan as it was meant.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { microBatchesOf, ranksOfLayout } from '../../src/compiler/frameworks/emission.ts'
import { emit, type Framework } from '../../src/compiler/frameworks/emit.ts'
import { denseMap } from '../../src/planner/training/plan-training.ts'
import { groupOf } from '../../src/planner/training/rank-map.ts'
import { emissionOf, type PlanCase, planCases } from './planned-cases.ts'
import { pythonWithFrameworks } from './python-environment.ts'

interface Answer {
  readonly name: string
  readonly read?: Readonly<Record<string, unknown>>
  readonly error?: string
}

const folder = mkdtempSync(join(tmpdir(), 'solvent-frameworks-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let python = ''
beforeAll(() => {
  python = pythonWithFrameworks()
}, 1_800_000)

/** One Python for all files of a framework: importing it takes longer than reading them. */
function readBy(
  framework: Framework,
  files: readonly { plan: PlanCase; text?: string }[],
): ReadonlyMap<string, Answer> {
  const cases = files.map(({ plan, text }) => {
    const emitted = emit(framework, emissionOf(plan))
    if (!emitted.ok) throw new Error(`${plan.name} is not emitted for ${framework}`)
    const path = join(folder, `${plan.name}.${emitted.value.file}`)
    writeFileSync(path, text ?? emitted.value.text)
    return { name: plan.name, path, ranks: ranksOfLayout(plan.layout), data: plan.layout.data }
  })
  const output = execFileSync(python, [join(import.meta.dirname, 'read-configurations.py'), framework], {
    input: JSON.stringify(cases),
    stdio: ['pipe', 'pipe', 'ignore'],
    cwd: folder,
    maxBuffer: 1 << 26,
  })
  const answers: readonly Answer[] = JSON.parse(output.toString().trim().split('\n').at(-1)!)
  return new Map(answers.map(answer => [answer.name, answer]))
}

const EXPECTED: Readonly<Partial<Record<Framework, (plan: PlanCase) => Readonly<Record<string, unknown>>>>> = {
  megatron: plan => {
    const { layout, workload } = plan
    const { data, tensor, context, pipeline, expert, expertTensor, chunks, microBatch, stages } = layout
    const { model } = emissionOf(plan)
    const map = denseMap(layout)
    const group = (axis: string): readonly number[] => groupOf(0, map, [axis])
    const isCut = pipeline > 1 && (new Set(stages).size > 1 || model.mtpLayers > 0)
    return {
      ...{ data, tensor, context, pipeline, expert, expertTensor, chunks, microBatch },
      ...{ globalBatch: workload.globalBatch, sequence: workload.sequence },
      ...{ layers: model.layers.length, hidden: model.hidden },
      sequenceParallel: layout.sequenceParallel,
      stages: isCut ? stages : null,
      firstGroups: { tp: group('tensor'), cp: group('context'), dp: group('data'), pp: group('pipeline') },
    }
  },
  torchtitan: plan => {
    const { layout, workload } = plan
    const { data, tensor, context, pipeline, expert, microBatch, stages, zero, shardRanks } = layout
    const { model } = emissionOf(plan)
    return {
      ...{ data, tensor, context, pipeline, expert, microBatch },
      ...{ globalBatch: workload.globalBatch, sequence: workload.sequence },
      ...{ layers: model.layers.length, hidden: model.hidden },
      shardRanks: zero === 0 ? context : shardRanks,
      stages: pipeline > 1 ? stages : null,
    }
  },
  deepspeed: ({ layout: { data, microBatch, zero, tensor, expert, pipeline, offload }, workload }) => ({
    ...{ data, microBatch, zero, tensor, expert, pipeline },
    globalBatch: workload.globalBatch,
    offload: offload === 'optimizer' ? 'cpu' : 'none',
  }),
  accelerate: ({ layout, devicesPerNode }) => ({
    ranks: ranksOfLayout(layout),
    nodes: Math.ceil(ranksOfLayout(layout) / devicesPerNode),
    zero: layout.zero,
    ...(layout.zero >= 2 ? { recomputes: layout.recompute.kind !== 'none', layer: ['LlamaDecoderLayer'] } : {}),
    ...(layout.tensor > 1 || layout.context > 1
      ? { data: layout.data, tensor: layout.tensor, context: layout.context, shard: layout.shardRanks / layout.context }
      : {}),
  }),
  transformers: plan => ({
    microBatch: plan.layout.microBatch,
    accumulation: microBatchesOf(emissionOf(plan)),
    bf16: true,
    fsdp: plan.layout.zero >= 2,
  }),
}

describe.each(Object.keys(EXPECTED) as readonly Framework[])('%s', framework => {
  const plans = planCases.filter(plan => plan.frameworks.includes(framework))
  let answers: ReadonlyMap<string, Answer> = new Map()
  beforeAll(() => {
    answers = readBy(
      framework,
      plans.map(plan => ({ plan })),
    )
  }, 300_000)

  test.each(plans)('reads $name as it was planned', plan => {
    const { read, error } = answers.get(plan.name)!
    expect(error).toBeUndefined()
    expect(read).toMatchObject(EXPECTED[framework]!(plan))
  })
})

test.each<[Framework, string, (text: string) => string, RegExp]>([
  ['megatron', 'fp8-70b', text => text.replace('--recompute-modules', '--recompute-module'), /unrecognized arguments/],
  ['torchtitan', 'fsdp-8b', text => text.replace('seq_len', 'sequence_length'), /sequence_length/],
  [
    'deepspeed',
    'fsdp-8b',
    text => text.replace('"train_batch_size": 128', '"train_batch_size": 120'),
    /AssertionError/,
  ],
  ['accelerate', 'hsdp-70b', text => text.replace('num_machines', 'num_hosts'), /unknown keys/],
])('%s refuses a file of ours with a mistake put in', (framework, name, spoil, message) => {
  const plan = planCases.find(each => each.name === name)!
  const emitted = emit(framework, emissionOf(plan))
  const text = spoil(emitted.ok ? emitted.value.text : '')
  expect(readBy(framework, [{ plan, text }]).get(name)?.error).toMatch(message)
})
