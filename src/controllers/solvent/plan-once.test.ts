/** A plan stays while its job does, and stays its gang's whatever becomes of the job. */
import { expect, test } from 'vitest'
import { EMBEDDED } from '../../compiler/capabilities.ts'
import { compile } from '../../compiler/compile.ts'
import type { ConfigMap } from '../../kube/core.ts'
import type { NodeFacts } from '../../planner/fleet/discovery/node-facts.ts'
import type { TrainingJob } from '../../spec/kinds.ts'
import { type KeptPlan, type PlanAnswer, planOnce } from './plan-once.ts'

const job = (generation: number, spec: Partial<TrainingJob['spec']> = {}): TrainingJob => ({
  apiVersion: 'solvent.dev/v1alpha1',
  kind: 'TrainingJob',
  metadata: { name: 'small', namespace: 'default', uid: 'a', generation },
  spec: {
    parallelism: {},
    framework: { command: ['train'] },
    model: { layers: 4, hidden: 1024, heads: 8, vocab: 32_000 },
    data: { sequenceLength: 1024, globalBatch: 16 },
    ...spec,
  },
})

const H100 = 'NVIDIA-H100-80GB-HBM3'
const A100 = 'NVIDIA-A100-SXM4-80GB'

const node = (name: string, product = H100): NodeFacts => ({
  name,
  labels: { 'nvidia.com/gpu.product': product },
  allocatable: { 'nvidia.com/gpu': '8' },
})

function planned(answer: PlanAnswer): KeptPlan {
  if (answer.kind !== 'planned') throw new Error(`${answer.kind}: ${JSON.stringify(answer.problems)}`)
  return answer
}

/** A controller of its own, whose nodes and ConfigMaps a test changes. */
function controllerOn(nodes: readonly NodeFacts[], maps: readonly ConfigMap[] = []) {
  return planOnce({
    fleets: () => ({ nodes }),
    planMap: (_, name) => maps.find(({ metadata }) => metadata.name === name),
  })
}

/** The job as its controller leaves it, and the ConfigMap of its plan. */
function settled(of: TrainingJob, { plan, generation }: KeptPlan) {
  const objects = compile(of, plan, EMBEDDED)
  if (!objects.ok) throw new Error('no objects')
  const planMap = objects.value.find((each): each is ConfigMap => each.kind === 'ConfigMap')!
  const conditions = [
    {
      type: 'Planned',
      status: 'True' as const,
      ...(generation === undefined ? {} : { observedGeneration: generation }),
    },
  ]
  return { planMap, job: { ...of, status: { planConfigMap: planMap.metadata.name!, conditions } } }
}

test('nodes that come later change no plan; a new generation does; what could not be planned is tried again', () => {
  const nodes: NodeFacts[] = []
  const plans = controllerOn(nodes)
  const first = job(1)
  expect(plans.plan(first, false).kind).toBe('waiting')
  nodes.push(node('a'))
  const before = planned(plans.plan(first, false))
  expect(before.plan.expected?.device).toMatch(/^H100/)
  nodes[0] = node('a', A100)
  expect(plans.plan(first, false)).toBe(before)
  expect(planned(plans.plan(job(2, { parallelism: { data: 2 } }), false)).plan.degrees.data).toBe(2)
  plans.forget(first)
  expect(plans.plan(first, false)).not.toBe(before)
})

test('a controller that starts anew reads the plan where it was kept, whatever nodes there are now', () => {
  const first = planned(controllerOn([node('a')]).plan(job(1), false))
  const kept = settled(job(1), first)
  const anew = planned(controllerOn([node('a', A100)], [kept.planMap]).plan(kept.job, false))
  expect(anew).toEqual(JSON.parse(JSON.stringify(first)))
  // The same ConfigMap again: nothing that was made from it is made anew.
  expect(settled(kept.job, anew).planMap).toEqual(kept.planMap)
})

test('a kept plan that is of an earlier generation, of another job, or gone, is not read', () => {
  const kept = settled(job(1), planned(controllerOn([node('a')]).plan(job(1), false)))
  const deviceOf = (of: TrainingJob, maps: readonly ConfigMap[]): string | undefined =>
    planned(controllerOn([node('a', A100)], maps).plan(of, false)).plan.expected?.device
  const anew = deviceOf(job(1), [])
  expect(anew).toMatch(/^A100/)
  expect(deviceOf(kept.job, [kept.planMap])).toMatch(/^H100/)
  const { status } = kept.job
  expect(deviceOf({ ...job(2), status }, [kept.planMap])).toBe(anew)
  expect(deviceOf(kept.job, [])).toBe(anew)
  const { ownerReferences: _, ...ofNobody } = kept.planMap.metadata
  expect(deviceOf(kept.job, [{ ...kept.planMap, metadata: ofNobody }])).toBe(anew)
})

test('a gang keeps the plan that it was made from; the next one has that of the new generation', () => {
  const first = planned(controllerOn([node('a')]).plan(job(1), false))
  const kept = settled(job(1), first)
  const changed = { ...job(2, { parallelism: { data: 2 } }), status: kept.job.status }
  const plans = controllerOn([node('a')], [kept.planMap])
  expect(planned(plans.plan(changed, true))).toMatchObject({ generation: 1, plan: { degrees: first.plan.degrees } })
  expect(planned(plans.plan(changed, false))).toMatchObject({ generation: 2, plan: { degrees: { data: 2 } } })
})
