import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { contentHash8 } from '../../../kube/content-name.ts'
import type { Pod } from '../../../kube/core.ts'
import { controllerOf } from '../../../kube/object.ts'
import type { Deployment, ReplicaSet } from '../../../kube/workloads.ts'
import type { Action } from '../../runtime/action.ts'
import { conditionOf, isTrue } from '../../runtime/conditions.ts'
import { reconcileDeployment } from './reconcile-deployment.ts'
import { reconcileReplicaSet } from './reconcile-replica-set.ts'
import { budgetOf } from './roll-out.ts'

type Strategy = Deployment['spec']['strategy']

/** A Deployment, its ReplicaSets and their pods; both controllers act on them in turn. */
class World {
  deployment: Deployment
  readonly sets = new Map<string, ReplicaSet>()
  readonly pods = new Map<string, Pod>()
  now = Date.parse('2026-01-01T00:00:00Z')
  serial = 0

  constructor(replicas: number, strategy?: Strategy, more: Partial<Deployment['spec']> = {}) {
    this.deployment = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: 'n', uid: 'web-uid', generation: 1 },
      spec: {
        replicas,
        selector: { matchLabels: { app: 'web' } },
        template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'v1' }] } },
        ...(strategy ? { strategy } : {}),
        ...more,
      },
    }
  }

  get available(): number {
    return [...this.pods.values()].filter(isReady).length
  }

  setImage(image: string): void {
    const { spec, metadata } = this.deployment
    const template = { ...spec.template, spec: { containers: [{ name: 'c', image }] } }
    this.deployment = {
      ...this.deployment,
      metadata: { ...metadata, generation: metadata.generation! + 1 },
      spec: { ...spec, template },
    }
  }

  decideDeployment(): readonly Action[] {
    return reconcileDeployment(this.deployment, [...this.sets.values()], contentHash8, this.now)
  }
  stepDeployment(): boolean {
    return this.perform(this.decideDeployment())
  }
  stepSets(): boolean {
    let settled = true
    for (const set of [...this.sets.values()]) {
      const own = [...this.pods.values()].filter(pod => controllerOf(pod)?.uid === set.metadata.uid)
      settled = this.perform(reconcileReplicaSet(set, own, this.now)) && settled
    }
    return settled
  }
  settle(makeReady = true): void {
    for (let i = 0; i < 300; i++) {
      const settled = [this.stepDeployment(), this.stepSets()].every(Boolean)
      const waiting = [...this.pods.values()].find(pod => !isReady(pod))
      if (makeReady && waiting) this.setReady(waiting.metadata.uid!, true)
      else if (settled) return
    }
    throw new Error('never settles')
  }
  setReady(uid: string, ready: boolean): void {
    const pod = this.pods.get(uid)
    if (!pod) return
    const lastTransitionTime = new Date(this.now).toISOString()
    const condition = { type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime } as const
    this.pods.set(uid, { ...pod, status: { phase: 'Running', conditions: [condition] } })
  }

  perform(actions: readonly Action[]): boolean {
    const calls = actions.filter(({ kind }) => kind !== 'event' && kind !== 'wake')
    for (const action of calls) this.carryOut(action)
    return calls.length === 0
  }
  carryOut(action: Action): void {
    switch (action.kind) {
      case 'create': {
        const uid = `uid-${this.serial++}`
        const { metadata } = action.object
        const made = { ...action.object, metadata: { ...metadata, uid, name: metadata.name ?? uid, generation: 1 } }
        if (made.kind === 'Pod') this.pods.set(uid, made as Pod)
        else this.sets.set(made.metadata.name, made as ReplicaSet)
        return
      }
      case 'update':
        this.sets.set(action.object.metadata.name!, action.object as ReplicaSet)
        return
      case 'update-status':
        if (action.object.kind === 'Deployment') this.deployment = action.object as Deployment
        else this.sets.set(action.object.metadata.name!, action.object as ReplicaSet)
        return
      case 'patch': {
        const annotations = (action.patch as { metadata: { annotations: Record<string, string> } }).metadata.annotations
        const annotated = <T extends Deployment | ReplicaSet>(object: T): T => ({
          ...object,
          metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, ...annotations } },
        })
        const set = this.sets.get(action.ref.name)
        if (action.ref.kind === 'Deployment') this.deployment = annotated(this.deployment)
        else if (set) this.sets.set(action.ref.name, annotated(set))
        return
      }
      case 'delete':
        if (action.ref.kind === 'Pod') this.pods.delete(action.uid!)
        else this.sets.delete(action.ref.name)
        return
      default:
        throw new Error(`unexpected ${action.kind}`)
    }
  }
}

const isReady = (pod: Pod): boolean => pod.status?.conditions?.[0]?.status === 'True'
const amount = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constantFrom('0%', '25%', '50%'))
const move = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ kind: 'deployment' as const }) },
  { weight: 3, arbitrary: fc.constant({ kind: 'sets' as const }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('ready' as const), pick: fc.nat(50) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('image' as const), image: fc.constantFrom('v1', 'v2', 'v3') }),
  },
)

describe('a rolling update, over random histories of pods that become ready', () => {
  test('never has more pods than maxSurge allows, nor fewer available ones than maxUnavailable allows', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        amount,
        amount,
        fc.array(move, { maxLength: 80 }),
        (replicas, maxSurge, maxUnavailable, history) => {
          const world = new World(replicas, { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } })
          world.settle()
          const { surge, unavailable } = budgetOf(world.deployment)
          for (const each of history) {
            if (each.kind === 'deployment') world.stepDeployment()
            else if (each.kind === 'sets') world.stepSets()
            else if (each.kind === 'image') world.setImage(each.image)
            else {
              const waiting = [...world.pods.values()].filter(pod => !isReady(pod))
              if (waiting.length > 0) world.setReady(waiting[each.pick % waiting.length]!.metadata.uid!, true)
            }
            expect(world.pods.size).toBeLessThanOrEqual(replicas + surge)
            expect(world.available).toBeGreaterThanOrEqual(replicas - unavailable)
          }
          world.settle()
          expect(world.available).toBe(replicas)
          expect(world.deployment.status).toMatchObject({
            replicas,
            updatedReplicas: replicas,
            availableReplicas: replicas,
          })
          const images = [...world.pods.values()].map(({ spec }) => spec.containers[0]?.image)
          expect(new Set(images)).toEqual(new Set([world.deployment.spec.template.spec.containers[0]?.image]))
        },
      ),
      { numRuns: 200 },
    )
  })
})

test('Recreate ends every old pod before the first new one starts', () => {
  const world = new World(3, { type: 'Recreate' })
  world.settle()
  world.setImage('v2')
  for (let i = 0; i < 20; i++) {
    world.stepDeployment()
    world.stepSets()
    const images = new Set([...world.pods.values()].map(({ spec }) => spec.containers[0]?.image))
    expect(images.size).toBeLessThanOrEqual(1)
  }
  world.settle()
  expect(world.available).toBe(3)
})

test('going back to an old template takes its ReplicaSet again, under the next revision', () => {
  const world = new World(1)
  world.settle()
  world.setImage('v2')
  world.settle()
  world.setImage('v1')
  world.settle()
  expect(world.sets.size).toBe(2)
  expect(world.deployment.metadata.annotations).toEqual({ 'deployment.kubernetes.io/revision': '3' })
})

test('the newest ReplicaSet bears the annotations of its Deployment, the cause of the change among them', () => {
  const world = new World(1)
  world.settle()
  const cause = { 'kubernetes.io/change-cause': 'a test' }
  const { deployment } = world
  const applied = { 'kubectl.kubernetes.io/last-applied-configuration': '{}' }
  const annotations = { ...deployment.metadata.annotations, ...cause, ...applied }
  world.deployment = { ...deployment, metadata: { ...deployment.metadata, annotations } }
  world.settle()
  expect([...world.sets.values()].map(set => set.metadata.annotations)).toEqual([
    {
      ...cause,
      'deployment.kubernetes.io/desired-replicas': '1',
      'deployment.kubernetes.io/max-replicas': '2',
      'deployment.kubernetes.io/revision': '1',
    },
  ])
})

test('old ReplicaSets beyond revisionHistoryLimit are forgotten', () => {
  const world = new World(1, undefined, { revisionHistoryLimit: 1 })
  for (const image of ['v2', 'v3', 'v4']) {
    world.settle()
    world.setImage(image)
  }
  world.settle()
  expect(world.sets.size).toBe(2)
})

test('a roll-out that gets nowhere for progressDeadlineSeconds says so, and is available all the same', () => {
  const world = new World(
    2,
    { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
    { progressDeadlineSeconds: 60 },
  )
  world.settle()
  world.setImage('broken')
  world.settle(false)
  expect(world.decideDeployment()).toContainEqual({ kind: 'wake', afterMs: 60_000 })
  world.now += 60_000
  world.settle(false)
  expect(conditionOf(world.deployment, 'Progressing')).toMatchObject({
    status: 'False',
    reason: 'ProgressDeadlineExceeded',
  })
  expect(isTrue(world.deployment, 'Available')).toBe(true)
})

test('a pod is available when it was ready for minReadySeconds', () => {
  const world = new World(1, undefined, { minReadySeconds: 30 })
  world.settle()
  expect(world.deployment.status?.availableReplicas).toBeUndefined()
  world.now += 30_000
  world.settle()
  expect(world.deployment.status?.availableReplicas).toBe(1)
})
