/**
 * The scheduler's shell: watches pods, nodes and PodGroups, asks the core at every change that may matter, and binds. Binds and conditions
 * go out side by side; the core never waits for them, since what it decided is assumed at once. A bind that fails comes back after a while.
 */
import { type Clock, systemClock } from '../base/clock.ts'
import { unreachable } from '../base/invariant.ts'
import { createEventRecorder } from '../client/events.ts'
import { createInformer } from '../client/informer.ts'
import type { KubeApi } from '../client/kube-api.ts'
import type { Node, Pod } from '../kube/core.ts'
import type { KubeObject } from '../kube/object.ts'
import { isApiError } from '../kube/status.ts'
import type { PodGroup } from '../kube/workloads.ts'
import { createClusterState } from './cluster-state.ts'
import { createLateViews } from './late-views.ts'
import { type Decision, schedule } from './schedule.ts'
import { createWrites, withEnd, withGroupCondition, withWait } from './writes.ts'

const DEFAULT_SCHEDULER = 'default-scheduler'

export interface SchedulerOptions {
  readonly api: KubeApi
  readonly clock?: Clock
  readonly log?: (line: string) => void
  /** Pods that name this scheduler are ours. */
  readonly schedulerName?: string
}

export interface RunningScheduler {
  /** Resolves when the writes under way are done. */
  stop(): Promise<void>
}

const FIRST_RETRY_MS = 10
const MAX_RETRY_MS = 10_000

export function startScheduler({
  api,
  clock = systemClock,
  log = () => {},
  schedulerName = DEFAULT_SCHEDULER,
}: SchedulerOptions): RunningScheduler {
  const isOurs = ({ spec }: Pod): boolean => (spec.schedulerName ?? DEFAULT_SCHEDULER) === schedulerName
  const state = createClusterState(isOurs)
  const events = createEventRecorder({ api, clock, component: schedulerName })
  const writes = createWrites(api, events, clock)
  const underWay = new Set<Promise<void>>()
  /** Failed binds by uid of the pod: how often, and whether it is still too early to try again. */
  const failures = new Map<string, { count: number; isHeld: boolean }>()
  let isReady = false
  let isAsked = false
  let isStopped = false

  const watched = <T extends KubeObject>(apiVersion: string, kind: string, onError: (error: unknown) => void) =>
    createInformer<T>(api, { apiVersion, kind }, { clock, onError })
  const complain = (error: unknown): void => log(`scheduler: ${(error as Error).message}`)
  const late = createLateViews({ api, clock, onError: complain, onChange: ask })
  const pods = watched<Pod>('v1', 'Pod', complain)
  const nodes = watched<Node>('v1', 'Node', complain)
  const groups = watched<PodGroup>('scheduling.k8s.io/v1beta1', 'PodGroup', error => {
    // A cluster without the gang API has no gangs to wait for.
    if (isApiError(error, 'NotFound')) groupsKnown()
    else complain(error)
  })
  let groupsKnown = (): void => {}
  const knowsGroups = new Promise<void>(resolve => {
    groupsKnown = resolve
    void groups.synced.then(resolve)
  })

  /** All changes of one turn of the event loop are decided together. */
  function ask(): void {
    if (isAsked || isStopped || !isReady) return
    isAsked = true
    queueMicrotask(() => {
      isAsked = false
      if (isStopped || state.numWaiting() === 0 || !late.know(state.needs())) return
      const waiting = state.waiting(uid => failures.get(uid)?.isHeld ?? false)
      for (const decision of schedule(state.nodes(), waiting, late.surroundings())) track(carryOut(decision))
    })
  }

  /** What was decided counts from now on; the writes that make it known go out at once. */
  function carryOut(decision: Decision): Promise<void> {
    switch (decision.kind) {
      case 'bind':
        state.assume(decision.pod, decision.node)
        return bind(decision)
      case 'wait':
        state.putPod(withWait(decision, clock))
        return writes.explain(decision)
      case 'preempt':
        return evict(decision)
      case 'gang-scheduled':
        return setGroupCondition(decision.group, 'True', 'all pods that the gang needs have a node')
      case 'gang-unschedulable':
        return setGroupCondition(decision.group, 'False', decision.message)
      default:
        return unreachable(decision)
    }
  }

  function track(write: Promise<void>): void {
    const tracked = write
      .catch(error => {
        if (!isApiError(error, 'Conflict', 'NotFound')) complain(error)
      })
      .finally(() => underWay.delete(tracked))
    underWay.add(tracked)
  }

  async function bind({ pod, node, claims }: Extract<Decision, { kind: 'bind' }>): Promise<void> {
    const { uid = '' } = pod.metadata
    try {
      if (claims) await late.assign(claims)
      await writes.bind(pod, node)
      failures.delete(uid)
    } catch (error) {
      retryLater(uid)
      throw error
    }
  }

  async function evict(decision: Extract<Decision, { kind: 'preempt' }>): Promise<void> {
    state.putPod(withEnd(decision, clock))
    try {
      await writes.evict(decision)
    } catch (error) {
      const current = pods.get(decision.pod.metadata.namespace, decision.pod.metadata.name ?? '')
      if (current && current.metadata.uid === decision.pod.metadata.uid) state.putPod(current)
      throw error
    }
  }

  function retryLater(uid: string): void {
    const count = (failures.get(uid)?.count ?? 0) + 1
    const failure = { count, isHeld: true }
    failures.set(uid, failure)
    state.forget(uid)
    clock.after(Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** (count - 1)), () => {
      failure.isHeld = false
      ask()
    })
  }

  async function setGroupCondition(group: PodGroup, status: 'True' | 'False', message: string): Promise<void> {
    const next = withGroupCondition(group, status, message, clock)
    state.putGroup(next)
    await api.update(next, { subresource: 'status' })
  }

  for (const event of ['add', 'update'] as const) {
    pods.on(event, (pod: Pod) => {
      state.putPod(pod)
      ask()
    })
    nodes.on(event, (node: Node) => {
      state.putNode(node)
      ask()
    })
    groups.on(event, (group: PodGroup) => {
      state.putGroup(group)
      ask()
    })
  }
  pods.on('delete', ({ metadata: { uid = '' } }) => {
    state.removePod(uid)
    failures.delete(uid)
    ask()
  })
  nodes.on('delete', ({ metadata }) => {
    state.removeNode(metadata.name!)
    ask()
  })
  groups.on('delete', ({ metadata: { namespace = '', name = '' } }) => state.removeGroup(namespace, name))
  for (const informer of [nodes, pods, groups]) informer.start()
  // Pods of others must be known before the first bind, or a node would be given away twice.
  void Promise.all([nodes.synced, pods.synced, knowsGroups]).then(() => {
    isReady = true
    ask()
  })

  return {
    async stop() {
      isStopped = true
      for (const informer of [nodes, pods, groups]) informer.stop()
      late.stop()
      await Promise.all(underWay)
    },
  }
}
