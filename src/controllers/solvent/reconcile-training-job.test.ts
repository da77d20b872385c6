import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { EMBEDDED } from '../../compiler/capabilities.ts'
import { compile } from '../../compiler/compile.ts'
import { attemptName, MAX_RESTARTS } from '../../compiler/targets/training.ts'
import type { Pod } from '../../kube/core.ts'
import { controllerOf, type KubeObject, keyOf } from '../../kube/object.ts'
import type { Job, PodGroup } from '../../kube/workloads.ts'
import { planTraining } from '../../planner/training/plan-training.ts'
import { API_VERSION, type TrainingJob } from '../../spec/kinds.ts'
import type { Action } from '../runtime/action.ts'
import { isTrue } from '../runtime/conditions.ts'
import { childrenOf } from './children.ts'
import { attemptOf, isFinished, isPast, reconcileTrainingJob } from './reconcile-training-job.ts'

/** A TrainingJob, what it made, and pods that the Jobs' controller would make; deleted pods run on until they are let end. */
class World {
  job: TrainingJob
  readonly objects = new Map<string, KubeObject>()
  readonly pods = new Map<string, Pod>()
  readonly events: string[] = []
  serial = 0
  now = Date.parse('2026-01-01T00:00:00Z')

  constructor(data: number, maxRestarts?: number) {
    this.job = {
      apiVersion: API_VERSION,
      kind: 'TrainingJob',
      metadata: { name: 'ring', namespace: 'n', uid: 'ring-uid', generation: 1 },
      spec: {
        parallelism: { data },
        framework: { command: ['true'] },
        ...(maxRestarts === undefined ? {} : { maxRestarts }),
      },
    }
  }

  get running(): readonly Pod[] {
    return [...this.pods.values()].filter(mayRun)
  }
  attemptsRunning(): ReadonlySet<string | undefined> {
    return new Set(this.running.map(pod => controllerOf(pod)?.name))
  }

  decide(): readonly Action[] {
    const plan = planTraining(this.job)
    if (!plan.ok) throw new Error('no plan')
    const compiled = compile(this.job, plan.value, EMBEDDED, { attempt: attemptOf(this.job) })
    if (!compiled.ok) throw new Error('no objects')
    const find = (object: KubeObject): KubeObject | undefined => this.objects.get(`${object.kind} ${keyOf(object)}`)
    const jobs = [...this.objects.values()].filter(({ kind }) => kind === 'Job' || kind === 'PodGroup') as (
      | Job
      | PodGroup
    )[]
    const gang = jobs.find(
      each => each.kind === 'Job' && each.metadata.name === attemptName(this.job, attemptOf(this.job)),
    ) as Job | undefined
    const isOfGang = (pod: Pod): boolean => gang !== undefined && controllerOf(pod)?.uid === gang.metadata.uid
    const all = [...this.pods.values()]
    return reconcileTrainingJob(
      {
        job: this.job,
        prepared: { kind: 'planned', plan: plan.value, generation: 1, objects: compiled.value },
        children: childrenOf(this.job, compiled.value, find),
        gang,
        gangPods: all.filter(isOfGang),
        past: jobs.filter(each => isPast(this.job, each)),
        pastPods: all.filter(pod => !isOfGang(pod) && mayRun(pod)),
        code: undefined,
      },
      this.now,
    )
  }

  step(count = Number.POSITIVE_INFINITY): boolean {
    const actions = this.decide()
    const calls = actions.filter(({ kind }) => kind !== 'wake' && kind !== 'event')
    for (const action of actions) if (action.kind === 'event') this.events.push(`${action.reason}: ${action.message}`)
    for (const action of calls.slice(0, count)) this.carryOut(action)
    return calls.length === 0
  }

  carryOut(action: Action): void {
    switch (action.kind) {
      case 'apply': {
        const key = `${action.object.kind} ${keyOf(action.object)}`
        const made = { ...action.object, metadata: { ...action.object.metadata, uid: `uid-${this.serial++}` } }
        this.objects.set(key, made)
        if (made.kind === 'Job') this.startPods(made as unknown as Job)
        return
      }
      case 'patch':
        this.job = { ...this.job, status: { ...this.job.status, ...(action.patch as TrainingJob).status } }
        return
      case 'delete': {
        this.objects.delete(`${action.ref.kind} ${action.ref.namespace}/${action.ref.name}`)
        for (const pod of this.pods.values()) {
          if (controllerOf(pod)?.uid !== action.uid) continue
          const metadata = { ...pod.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' }
          if (mayRun(pod)) this.pods.set(pod.metadata.uid!, { ...pod, metadata })
          else this.pods.delete(pod.metadata.uid!)
        }
        return
      }
      default:
        throw new Error(`unexpected ${action.kind}`)
    }
  }

  startPods({ metadata, spec }: Job): void {
    for (let index = 0; index < (spec.completions ?? 0); index++) {
      const uid = `pod-${this.serial++}`
      this.pods.set(uid, {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: {
          name: `${metadata.name}-${index}`,
          uid,
          ownerReferences: [
            { apiVersion: 'batch/v1', kind: 'Job', name: metadata.name!, uid: metadata.uid!, controller: true },
          ],
        },
        spec: { containers: [{ name: 'ranks' }] },
        status: { phase: 'Running' },
      })
    }
  }

  /** A pod ends; as the Job controller does, its Job fails with the first failure, and completes with the last success. */
  end(pod: Pod, phase: 'Succeeded' | 'Failed'): void {
    if (pod.metadata.deletionTimestamp) {
      this.pods.delete(pod.metadata.uid!)
      return
    }
    const state = { terminated: { exitCode: phase === 'Failed' ? 9 : 0, finishedAt: '2026-01-01T00:00:00Z' } }
    const containerStatuses = [{ name: 'ranks', ready: false, restartCount: 0, image: '', imageID: '', state }]
    this.pods.set(pod.metadata.uid!, { ...pod, status: { phase, containerStatuses } })
    const owner = controllerOf(pod)!
    const key = `Job n/${owner.name}`
    const job = this.objects.get(key) as Job | undefined
    if (!job || job.metadata.uid !== owner.uid) return
    const all = [...this.pods.values()].filter(each => controllerOf(each)?.uid === owner.uid)
    const isOver = all.every(each => each.status?.phase === 'Succeeded')
    const type = phase === 'Failed' ? 'Failed' : isOver ? 'Complete' : undefined
    if (type) this.objects.set(key, { ...job, status: { conditions: [{ type, status: 'True' }] } } as Job)
  }
}

const mayRun = ({ status }: Pod): boolean => status?.phase === 'Running'

const move = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('reconcile' as const), count: fc.constantFrom(1, 2, 100) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('end' as const),
      pick: fc.nat(50),
      phase: fc.constantFrom('Succeeded' as const, 'Succeeded' as const, 'Failed' as const),
    }),
  },
)

describe('over random histories of ranks that end and a controller that crashes', () => {
  test('two gangs never run at once, and no attempt is left out or made twice', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 0, max: 3 }),
        fc.array(move, { maxLength: 80 }),
        (data, maxRestarts, history) => {
          const world = new World(data, maxRestarts)
          const started: string[] = []
          for (const each of history) {
            if (each.kind === 'reconcile') world.step(each.count)
            else if (world.running.length > 0) world.end(world.running[each.pick % world.running.length]!, each.phase)
            expect(world.attemptsRunning().size).toBeLessThanOrEqual(1)
            for (const { kind, metadata } of world.objects.values()) {
              if (kind === 'Job' && !started.includes(metadata.name!)) started.push(metadata.name!)
            }
          }
          expect(started).toEqual(started.map((_, i) => `ring-${i}`))
          expect(started.length).toBeLessThanOrEqual(maxRestarts + 1)
          if (isTrue(world.job, 'Failed')) expect(started.length).toBe(maxRestarts + 1)
        },
      ),
      { numRuns: 300 },
    )
  })

  test('it ends when its ranks end, and a second look at the end gives nothing', () => {
    fc.assert(
      fc.property(fc.array(move, { maxLength: 40 }), history => {
        const world = new World(3)
        for (const each of history) {
          if (each.kind === 'reconcile') world.step(each.count)
          else if (world.running.length > 0) world.end(world.running[each.pick % world.running.length]!, each.phase)
        }
        for (let i = 0; i < 100 && !isFinished(world.job); i++) {
          world.step()
          for (const pod of world.running) world.end(pod, 'Succeeded')
        }
        expect(isTrue(world.job, 'Complete') || attemptOf(world.job) === MAX_RESTARTS).toBe(true)
        expect(world.step()).toBe(true)
      }),
      { numRuns: 200 },
    )
  })
})

test('the plan is kept and told before anything is made from it', () => {
  const world = new World(2)
  world.step(2)
  const [planMap] = world.objects.values()
  expect([...world.objects.values()].map(({ kind }) => kind)).toEqual(['ConfigMap'])
  expect(world.job.status?.planConfigMap).toBe(planMap!.metadata.name)
  expect(world.job.status?.conditions).toMatchObject([{ type: 'Planned', status: 'True', observedGeneration: 1 }])
})

describe('while no fleet would do', () => {
  const problems = [{ field: 'spec.fleet.name', what: 'is "racks"', fix: 'Declare it.' }]
  const { job } = new World(2)
  const observed = {
    prepared: { kind: 'waiting', problems } as const,
    children: childrenOf(job, [], () => undefined),
    gang: undefined,
    gangPods: [],
    past: [],
    pastPods: [],
    code: undefined,
  }
  const condition = {
    type: 'Planned',
    status: 'False',
    reason: 'WaitingForFleet',
    message: 'spec.fleet.name is "racks". Declare it.',
    observedGeneration: 1,
    lastTransitionTime: '1970-01-01T00:00:00Z',
  } as const

  test('a job stays pending and says what it waits for, once', () => {
    const [patch, event, ...others] = reconcileTrainingJob({ ...observed, job }, 0)
    expect(patch).toMatchObject({
      kind: 'patch',
      patch: { status: { phase: 'Pending', observedGeneration: 1, conditions: [condition] } },
    })
    expect(event).toMatchObject({ type: 'Warning', reason: 'WaitingForFleet', message: condition.message })
    expect(others).toEqual([])
    const told: TrainingJob = { ...job, status: { phase: 'Pending', observedGeneration: 1, conditions: [condition] } }
    expect(reconcileTrainingJob({ ...observed, job: told }, 1000)).toEqual([])
  })

  test('the plan of an earlier generation is no longer told', () => {
    const planned = { ...condition, status: 'True', reason: 'Planned', message: '2 ranks in 2 pods: data 2' } as const
    const before: TrainingJob = {
      ...job,
      status: {
        phase: 'Pending',
        plan: planned.message,
        planConfigMap: 'ring-plan-a',
        ranks: 2,
        conditions: [planned],
      },
    }
    expect(reconcileTrainingJob({ ...observed, job: before }, 0)[0]).toMatchObject({
      patch: { status: { plan: null, planConfigMap: null, ranks: null, conditions: [{ status: 'False' }] } },
    })
  })
})

test('a failed rank is named, and its gang is counted', () => {
  const world = new World(2)
  world.step()
  world.end(world.running[1]!, 'Failed')
  world.step()
  expect(world.events).toEqual([
    'Planned: 2 ranks in 2 pods: data 2',
    'Restarting: attempt 1 of 4 after pod ring-0-1 exited 9: the gang restarts together',
  ])
  // The other rank still runs: nothing new starts.
  world.step()
  expect([...world.objects.keys()].filter(key => key.startsWith('Job'))).toEqual([])
  for (const pod of world.running) world.end(pod, 'Failed')
  world.step()
  expect([...world.objects.keys()].filter(key => key.startsWith('Job'))).toEqual(['Job n/ring-1'])
})
