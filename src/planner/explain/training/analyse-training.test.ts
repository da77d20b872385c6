/** What an analysis says of itself must agree: the plan is the best, nothing on the front is beaten, parts add up, what was fixed stays. */
import { expect, test } from 'vitest'
import { formatProblem, type Result } from '../../../base/problem.ts'
import type { TrainingJob, TrainingJobSpec } from '../../../spec/training-job.ts'
import { planTraining } from '../../training/plan-training.ts'
import { analyseTraining } from './analyse-training.ts'

const SMALL = { layers: 16, hidden: 2048, heads: 16, kvHeads: 8, ffn: 5632, vocab: 32_000 }

const job = (spec: Partial<TrainingJobSpec> = {}): TrainingJob => ({
  apiVersion: 'solvent.dev/v1alpha1',
  kind: 'TrainingJob',
  metadata: { name: 'small' },
  spec: {
    model: SMALL,
    data: { sequenceLength: 4096, globalBatch: 64, tokens: 1e10 },
    fleet: { preset: 'h100x16' },
    parallelism: {},
    framework: { command: ['train'] },
    ...spec,
  },
})

const must = <T>(result: Result<T>): T => {
  if (!result.ok) throw new Error(result.problems.map(formatProblem).join('\n'))
  return result.value
}
const shown = (result: Result<unknown>): readonly string[] => (result.ok ? [] : result.problems.map(formatProblem))

const analysis = must(analyseTraining(job()))

test('the plan is the layout that was found, in ranks and pods', () => {
  const { plan, best } = analysis
  expect(plan.degrees).toEqual({
    data: best.layout.data,
    context: best.layout.context,
    tensor: best.layout.tensor,
    pipeline: best.layout.pipeline,
    expert: best.layout.expert,
    expertTensor: best.layout.expertTensor,
  })
  expect(plan.ranks).toBe(best.devices)
  expect(plan.pods * plan.ranksPerPod).toBe(plan.ranks)
  expect(plan.expected?.stepSeconds).toBe(best.stepSeconds)
  expect(best.memoryBytes).toBeLessThanOrEqual(plan.expected!.deviceMemoryBytes)
  expect(must(planTraining(job()))).toEqual(plan)
})

test('effects and axes add up to the step', () => {
  const { breakdown, byAxis, best } = analysis
  expect(breakdown.reduce((sum, row) => sum + row.seconds, 0)).toBeCloseTo(best.stepSeconds, 6)
  expect(byAxis.reduce((sum, row) => sum + row.share, 0)).toBeCloseTo(1, 6)
})

test('no alternative is faster, and each makes the choice otherwise that it is named after', () => {
  const { alternatives, best } = analysis
  expect(alternatives.length).toBeGreaterThan(3)
  for (const { layout, slowdown, choice } of alternatives) {
    expect(slowdown).toBeGreaterThanOrEqual(1)
    expect(layout[choice as keyof typeof layout]).not.toEqual(best.layout[choice as keyof typeof layout])
  }
  const order = alternatives.map(({ stepSeconds }) => stepSeconds)
  expect(order).toEqual([...order].sort((a, b) => a - b))
})

test('nothing on the front is beaten on time, memory, money and devices at once; the plan is its fastest', () => {
  const { pareto, best } = analysis
  expect(pareto[0]!.stepSeconds).toBe(best.stepSeconds)
  for (const own of pareto)
    for (const other of pareto)
      if (own !== other)
        expect(
          other.stepSeconds <= own.stepSeconds &&
            other.memoryBytes <= own.memoryBytes &&
            other.devices <= own.devices &&
            (other.dollarsPerMillionTokens ?? 0) <= (own.dollarsPerMillionTokens ?? 0),
        ).toBe(false)
})

test('nodes that go cost speed, nodes that come do not', () => {
  const rows = analysis.replan
  expect(rows.map(({ nodes }) => nodes)).toEqual([1, 2, 3])
  expect(rows[0]!.speedup!).toBeLessThan(1)
  expect(rows[1]).toMatchObject({ speedup: 1, sentence: 'the plan' })
  expect(rows[2]!.speedup!).toBeGreaterThanOrEqual(1)
})

test('more memory, more network and a narrower format are never slower', () => {
  const speedups = Object.fromEntries(analysis.counterfactuals.map(({ kind, speedup }) => [kind, speedup]))
  for (const kind of ['memory', 'network', 'precision']) expect(speedups[kind], kind).toBeGreaterThanOrEqual(0.999)
})

test('the same question has the same answer', () => {
  expect(JSON.stringify(must(analyseTraining(job())))).toBe(JSON.stringify(analysis))
})

test('what the user fixed stays fixed, the rest is chosen around it', () => {
  const plan = must(
    planTraining(job({ parallelism: { tensor: 4, pipeline: 2 }, schedule: '1f1b', zero: 1, microBatch: 1 })),
  )
  expect(plan.degrees).toMatchObject({ tensor: 4, pipeline: 2, data: 2 })
  expect(plan.layout).toMatchObject({ schedule: '1f1b', zero: 1, microBatch: 1, chunks: 1 })
  expect(plan.reasons).toContainEqual({ choice: 'tensor = 4', because: 'as declared' })
})

test('a fleet of two makes goes at the pace of the slower one', () => {
  const planOn = (fleet: TrainingJobSpec['fleet']) => must(planTraining(job({ fleet }))).expected!.stepSeconds
  const one = (device: string) => ({ pools: [{ device, nodes: 2 }] })
  const mixed = planOn({
    pools: [
      { device: 'a100-80gb', nodes: 1 },
      { device: 'h100', nodes: 1 },
    ],
  })
  expect(mixed).toBeGreaterThan(1.5 * planOn(one('h100')))
  expect(mixed).toBeGreaterThanOrEqual(0.999 * planOn(one('a100-80gb')))
})

test('experts are reached by what the device can run', () => {
  const experts = { ...SMALL, experts: 64, topK: 6, expertFfn: 1408 }
  const fleet = { preset: 'a100-80gbx64' }
  const found = must(analyseTraining(job({ model: experts, fleet, parallelism: { expert: 32 } })))
  const dispatchers = [found.best, ...found.alternatives, ...found.pareto].map(({ layout }) => layout.dispatcher)
  expect(dispatchers.filter(dispatcher => dispatcher === 'deepep' || dispatcher === 'hybridep')).toEqual([])
})

test('ranks come in whole pods', () => {
  const plan = must(planTraining(job({ ranksPerPod: 3, data: { sequenceLength: 4096, globalBatch: 48 } })))
  expect(plan.ranks % 3).toBe(0)
  expect(plan).toMatchObject({ ranksPerPod: 3, pods: plan.ranks / 3 })
})

test.each<[string, Partial<TrainingJobSpec>, string]>([
  [
    'heads that a degree does not divide',
    { parallelism: { tensor: 6 } },
    'spec.parallelism.tensor is 6, but 16 heads do not divide by 6. Use 1, 2, 4, 8 or 16.',
  ],
  [
    'a batch that a degree does not divide',
    { parallelism: { data: 5 } },
    'spec.parallelism.data is 5, but a batch of 64 does not divide by 5. Use 1, 2, 4, 8, 16 or 32.',
  ],
  [
    'more ranks than devices',
    { parallelism: { data: 8, tensor: 4 } },
    'spec.parallelism is data 8, tensor 4, but that takes 32 ranks and the fleet has 16 devices. Use a fleet of 32 devices, or leave a degree to the planner.',
  ],
  [
    'no model',
    { model: undefined as never, parallelism: {} },
    'spec.parallelism is auto, but without a model there is nothing to choose by. Add model: { huggingface: ./config.json } and data: { sequenceLength: 4096, globalBatch: 1024 }, or declare degrees, such as parallelism: { data: 2 }.',
  ],
  [
    'no data',
    { data: undefined as never },
    'spec.data is not given, but the planner needs it to choose. Add data: { sequenceLength: 4096, globalBatch: 1024 }.',
  ],
])('%s', (_, spec, message) => expect(shown(planTraining(job(spec)))).toEqual([message]))

test('a model that does not fit is told from how many devices on it would', () => {
  const model = { ...SMALL, layers: 80, hidden: 8192, heads: 64, ffn: 28_672 }
  const [message] = shown(planTraining(job({ model, fleet: { preset: 'h100x4' }, offload: 'none' })))
  expect(message).toMatch(
    /^spec\.fleet has 4 devices, but small needs at least \d+ GiB on a device there, and a H100-80GB SXM has 79\.6 GiB\. It fits from 16 devices\.$/,
  )
})
