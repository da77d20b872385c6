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
import { denseMap } from '../../src/planner/training/degree-maps.ts'
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

interface Written {
  readonly name: string
  readonly plan: PlanCase
  /** A mistake put in. */
  readonly spoil?: (text: string) => string
}

/** One Python for all files of a framework: importing it takes longer than reading them. */
function readBy(framework: Framework, files: readonly Written[]): ReadonlyMap<string, Answer> {
  const cases = files.map(({ name, plan, spoil = text => text }) => {
    const emitted = emit(framework, emissionOf(plan, framework))
    if (!emitted.ok) throw new Error(`${plan.name} is not emitted for ${framework}`)
    const path = join(folder, `${name}.${emitted.value.file}`)
    writeFileSync(path, spoil(emitted.value.text))
    return { name, path, ranks: ranksOfLayout(plan.layout), data: plan.layout.data }
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

/** A mistake in a file of ours, and what its reader says: proof that the readers read. */
const MISTAKES: Readonly<Partial<Record<Framework, readonly [from: string, to: string, says: RegExp]>>> = {
  megatron: ['--global-batch-size', '--globl-batch-size', /SystemExit: 2/],
  torchtitan: ['seq_len', 'sequence_length', /sequence_length/],
  deepspeed: ['"train_micro_batch_size_per_gpu": ', '"train_micro_batch_size_per_gpu": 1', /AssertionError/],
  accelerate: ['num_machines', 'num_hosts', /unknown keys/],
  transformers: ['gradient_accumulation_steps', 'accumulation_steps', /keys are not used/],
}

const EXPECTED: Readonly<Partial<Record<Framework, (plan: PlanCase) => Readonly<Record<string, unknown>>>>> = {
  megatron: plan => {
    const { layout, workload } = plan
    const { data, tensor, context, pipeline, expert, expertTensor, chunks, microBatch, stages } = layout
    const { model } = emissionOf(plan, 'megatron')
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
    const { model } = emissionOf(plan, 'torchtitan')
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
    accumulation: microBatchesOf(emissionOf(plan, 'transformers')),
    bf16: true,
    fsdp: plan.layout.zero >= 2,
  }),
}

describe.each(Object.keys(EXPECTED) as readonly Framework[])('%s', framework => {
  const plans = planCases.filter(plan => plan.frameworks.includes(framework))
  const [from, to, says] = MISTAKES[framework]!
  const spoiled = { name: 'mistaken', plan: plans[0]!, spoil: (text: string) => text.replace(from, to) }
  let answers: ReadonlyMap<string, Answer> = new Map()
  beforeAll(() => {
    answers = readBy(framework, [...plans.map(plan => ({ name: plan.name, plan })), spoiled])
  }, 600_000)

  test.each(plans)('reads $name as it was planned', plan => {
    const { read, error } = answers.get(plan.name)!
    expect(error).toBeUndefined()
    expect(read).toMatchObject(EXPECTED[framework]!(plan))
  })

  test('refuses a file of ours with a mistake put in', () => {
    expect(answers.get('mistaken')?.error).toMatch(says)
  })
})
