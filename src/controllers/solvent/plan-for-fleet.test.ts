/** What a later fleet may mend waits; what no fleet mends is refused at once. */
import { describe, expect, test } from 'vitest'
import type { FleetSources } from '../../planner/fleet/resolve-fleet.ts'
import type { Fleet, TrainingJob } from '../../spec/kinds.ts'
import { planForFleet } from './plan-for-fleet.ts'
import { sentences } from './status-patch.ts'

const job = (spec: Partial<TrainingJob['spec']> = {}): TrainingJob => ({
  apiVersion: 'solvent.dev/v1alpha1',
  kind: 'TrainingJob',
  metadata: { name: 'small' },
  spec: {
    parallelism: {},
    framework: { command: ['train'] },
    model: { layers: 4, hidden: 1024, heads: 8, vocab: 32_000 },
    data: { sequenceLength: 1024, globalBatch: 16 },
    ...spec,
  },
})

const fleet = (name: string, spec: Fleet['spec']): Fleet => ({
  apiVersion: 'solvent.dev/v1alpha1',
  kind: 'Fleet',
  metadata: { name },
  spec,
})

const one = {
  nodes: [
    { name: 'a', labels: { 'nvidia.com/gpu.product': 'Tesla-V100-SXM2-16GB' }, allocatable: { 'nvidia.com/gpu': '1' } },
  ],
}
const large = { layers: 80, hidden: 8192, heads: 64, kvHeads: 8, ffn: 28_672, vocab: 128_256 }

function told(of: TrainingJob, sources: FleetSources = {}): string {
  const answer = planForFleet(of, sources)
  return answer.kind === 'planned' ? 'planned' : `${answer.kind}: ${sentences(answer.problems)}`
}

describe('a job waits', () => {
  test('for a node with devices', () => {
    expect(told(job())).toMatch(/^waiting: spec\.fleet is not given, but no node of this cluster has an accelerator\./)
    expect(told(job(), one)).toBe('planned')
  })

  test('for a Fleet that does not exist yet', () => {
    const racks = job({ fleet: { name: 'racks' } })
    expect(told(racks)).toMatch(/^waiting: spec\.fleet\.name is "racks", but there is no Fleet of that name\./)
    expect(told(racks, { declared: [fleet('racks', { preset: 'h100x8' })] })).toBe('planned')
  })

  test('for a Fleet whose own declaration is wrong', () => {
    const declared = [fleet('racks', { preset: 'h10x8' })]
    expect(told(job({ fleet: { name: 'racks' } }), { declared })).toMatch(/^waiting: spec\.fleet\.name\.preset /)
  })

  test('for devices enough for its degrees', () => {
    expect(told(job({ parallelism: { data: 2 } }), one)).toMatch(/^waiting: .* has 1 device\b/)
  })

  test('for devices enough for its pods', () => {
    expect(told(job({ ranksPerPod: 8 }), one)).toMatch(/^waiting: /)
  })

  test('for memory enough for its model', () => {
    expect(told(job({ model: large }), one)).toMatch(
      /^waiting: spec\.fleet has 1 device, .* It fits from \d+ devices\.$/,
    )
  })

  test('for devices that multiply its format', () => {
    expect(told(job({ precision: ['fp8'] }), one)).toMatch(/^waiting: spec\.precision\[0\] /)
  })
})

describe('a job is refused', () => {
  test.each([
    ['without any fleet', {}],
    ['with a fleet', one],
  ])('%s, for heads that do not divide', (_, sources) => {
    const broken = job({
      model: { layers: 4, hidden: 1024, heads: 8, kvHeads: 8, vocab: 32_000 },
      parallelism: { tensor: 3 },
    })
    expect(told(broken, sources)).toMatch(/^refused: spec\.parallelism\.tensor is 3, but 8 heads do not divide by 3\./)
  })

  test('for a model that cannot be read, even while there is no fleet', () => {
    const model = { huggingface: { config: { model_type: 'lama' } } }
    expect(told(job({ model }))).toMatch(/^refused: .*lama/)
  })

  test('for a fleet of its own that is too small', () => {
    expect(told(job({ fleet: { preset: 'h100x8' }, parallelism: { data: 16 } }))).toMatch(/^refused: /)
  })

  test('for degrees under which a model fits no device', () => {
    const alone = { data: 1, context: 1, tensor: 1, pipeline: 1 }
    expect(told(job({ model: large, parallelism: alone }), one)).toMatch(/^refused: spec\.fleet has 1 device/)
  })

  test('without a model, for degrees that nobody chose', () => {
    const { model: _, data: __, ...spec } = job().spec
    expect(told({ ...job(), spec })).toMatch(/^refused: spec\.parallelism is auto/)
  })
})
