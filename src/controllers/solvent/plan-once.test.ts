/** A plan stays while its job does. */
import { expect, test } from 'vitest'
import type { NodeFacts } from '../../planner/fleet/discovery/node-facts.ts'
import type { TrainingJob } from '../../spec/kinds.ts'
import { planOnce } from './plan-once.ts'

const job = (generation: number, spec: Partial<TrainingJob['spec']> = {}): TrainingJob => ({
  apiVersion: 'solvent.dev/v1alpha1',
  kind: 'TrainingJob',
  metadata: { name: 'small', uid: 'a', generation },
  spec: {
    parallelism: {},
    framework: { command: ['train'] },
    model: { layers: 4, hidden: 1024, heads: 8, vocab: 32_000 },
    data: { sequenceLength: 1024, globalBatch: 16 },
    ...spec,
  },
})

const node = (name: string): NodeFacts => ({
  name,
  labels: { 'nvidia.com/gpu.product': 'NVIDIA-H100-80GB-HBM3' },
  allocatable: { 'nvidia.com/gpu': '8' },
})

test('nodes that come later change no plan; a new generation does; a plan that failed is tried again', () => {
  const nodes: NodeFacts[] = []
  const plans = planOnce(() => ({ nodes }))
  const first = job(1)
  expect(plans.plan(first).ok).toBe(false)
  nodes.push(node('a'))
  const planned = plans.plan(first)
  expect(planned.ok && planned.value.ranks).toBe(8)
  nodes.push(node('b'))
  expect(plans.plan(first)).toBe(planned)
  const changed = plans.plan(job(2, { parallelism: { data: 2 } }))
  expect(changed.ok && changed.value.degrees.data).toBe(2)
  plans.forget(first)
  expect(plans.plan(first)).not.toBe(planned)
})
