/**
 * One pod's life on this node: whatever happens changes what is seen of it, and then it is decided anew what to do. Effects run beside each
 * other; what they set out to do is marked before they begin, so a decision never asks for the same thing twice.
 */
import type { Container, Pod } from '../../kube/core.ts'
import { type Condition, refOf } from '../../kube/object.ts'
import { isApiError } from '../../kube/status.ts'
import { envReferences, type Lookup, podReferences } from '../env/references.ts'
import { allocatedBefore } from '../resources/resize.ts'
import type { Action } from './action.ts'
import type { Past } from './adopt.ts'
import type { AgentParts } from './agent-parts.ts'
import { decidePod } from './decide-pod.ts'
import { observedOf } from './observed.ts'
import { isOurs } from './pod-conditions.ts'
import { createPodConfig } from './pod-config.ts'
import { createPodContainers } from './pod-containers.ts'
import type { PodContext } from './pod-context.ts'
import { createPodResize } from './pod-resize.ts'
import { createPodResources, type PodResources } from './pod-resources.ts'
import { isTerminal, noCommand, podStatus } from './pod-status.ts'
import { createPodView } from './pod-view.ts'
import { allContainersOf, argvOf } from './roles.ts'
import { createStatusWriter } from './status-writer.ts'
import { type Furnished, findPlace, furnish, type Place, refusalOf, resume } from './surroundings.ts'

export interface PodWorker {
  /** The pod as the API has it now. */
  update(pod: Pod): void
  /** The API has it no more: whatever runs is killed. */
  forget(): Promise<void>
  /** No more decisions; what runs goes on, for the next agent. */
  leave(): void
  /** No more decisions, and what runs ends: TERM, after `graceMs` KILL. What becomes of the pod is for the next agent. */
  end(graceMs: number): Promise<void>
  /** The API has it as over: nothing of it may run any more. */
  finish(): Promise<void>
  readonly place: Place | undefined
  /** With what is allocated for it. */
  readonly pod: Pod
  /** What its containers use. */
  readonly resources: PodResources
}

const RETRY_MS = 2_000

export function createPodWorker(parts: AgentParts, first: Pod, past?: Past): PodWorker {
  const { api, clock, events, folders } = parts
  const writer = createStatusWriter(parts)
  const view = createPodView(first, clock)
  const underWay = new Set<Promise<void>>()
  const uid = first.metadata.uid ?? ''
  let pod = past ? allocatedBefore(first) : first
  let place: Place | undefined = past?.sandbox && { sandbox: past.sandbox, group: parts.enforcement.open(past.group) }
  let attempts = 0
  let hasLeft = false
  const wakes: (() => void)[] = []
  let conditions = first.status?.conditions ?? []
  const context: PodContext = { pod: () => pod, place: () => place, hasLeft: () => hasLeft, sync, awaitConfig }
  const resources = createPodResources(parts, context)
  const containers = createPodContainers(parts, view, context, resources)
  const config = createPodConfig(parts, context)
  const resize = createPodResize({ parts, context, resources, allocated: pod, restart: containers.restart })

  function sync(): void {
    if (hasLeft) return
    cancelWakes()
    for (const action of decidePod(pod, view.seen, clock.monotonicMs())) perform(action)
    report()
  }

  function perform(action: Action): void {
    switch (action.kind) {
      case 'prepare':
        begin(prepare())
        break
      case 'start':
        begin(containers.start(action.container))
        break
      case 'stop':
        containers.stop(action.container, action.graceMs, action.message)
        break
      case 'signal':
        containers.signal(action.container, action.signal)
        break
      case 'start-over':
        containers.startOver(action.because)
        break
      case 'release':
        begin(release())
        break
      case 'expire':
        view.change({ isOverdue: true })
        queueMicrotask(sync)
        break
      case 'remove':
        begin(remove())
        break
      case 'wake':
        wakeAt(action.atMs)
    }
  }

  function wakeAt(atMs: number): void {
    wakes.push(clock.after(Math.max(0, atMs - clock.monotonicMs()), sync))
  }

  function cancelWakes(): void {
    for (const cancel of wakes.splice(0)) cancel()
  }

  function report(): void {
    // How it ended is written already: a later agent knows less.
    if (isTerminal(first.status?.phase)) return
    const facts = { hostIP: parts.hostIP, now: clock.now(), nowMs: clock.monotonicMs(), conditions }
    const status = resize.tell(podStatus(pod, view.seen, facts), conditions)
    const isUrgent = isTerminal(status.phase) || turns(pod, conditions, status.conditions)
    conditions = status.conditions ?? []
    writer.set(pod, status, isUrgent)
  }

  async function prepare(): Promise<void> {
    view.change({ surroundings: { kind: 'preparing' } })
    const refused = refusalOf(parts, pod)
    const { refusal, lookup }: Furnished = refused ? { refusal: refused } : await settleIn()
    if (hasLeft) return
    if (refusal) {
      events.event(pod, 'Warning', refusal.reason === 'MountRefused' ? 'FailedMount' : refusal.reason, refusal.message)
      view.change({ surroundings: { kind: 'none', problem: refusal } })
      if (lookup) config.await(podReferences(pod), lookup, retryNow)
    } else if (place) {
      if (lookup) config.follow(lookup)
      view.change({ surroundings: { kind: 'ready', address: place.sandbox.address } })
      for (const container of allContainersOf(pod).filter(each => argvOf(each).length === 0)) {
        events.event(pod, 'Warning', 'NoCommand', noCommand(container).message)
      }
    }
    sync()
  }

  /** What was missing may be there. */
  function retryNow(): void {
    const { surroundings } = view.seen
    if (surroundings.kind !== 'none' || !surroundings.problem) return
    view.change({ surroundings: { kind: 'none', problem: { ...surroundings.problem, retryMs: clock.monotonicMs() } } })
    sync()
  }

  function awaitConfig(known: Lookup, container: Container): void {
    const { name } = container
    config.await(envReferences([container]), known, () => {
      const { state } = observedOf(view.seen, name)
      if (state.kind !== 'waiting' || !state.problem) return
      view.changeContainer(name, { state: { ...state, problem: { ...state.problem, retryMs: clock.monotonicMs() } } })
      sync()
    })
  }

  async function settleIn(): Promise<Furnished> {
    if (!place) {
      try {
        place = await findPlace(parts, pod)
      } catch (error) {
        const retryMs = clock.monotonicMs() + RETRY_MS
        return { refusal: { reason: 'FailedCreatePodSandBox', message: (error as Error).message, retryMs } }
      }
      const { namespace = '', name = '' } = pod.metadata
      folders.writeNote(uid, { namespace, name, sandbox: place.sandbox.id, group: place.group.name })
      place.group.bound(pod)
    }
    return furnish(parts, pod, place.sandbox, attempts++)
  }

  async function release(): Promise<void> {
    const { surroundings } = view.seen
    view.change({
      surroundings: { kind: 'released', address: 'address' in surroundings ? surroundings.address : undefined },
    })
    const left = place
    place = undefined
    config.stop()
    parts.volumes.forget(uid)
    parts.onSandboxGone(uid)
    await left?.slot?.discard()
    await left?.sandbox.destroy().catch((error: Error) => parts.log(`sandbox ${left.sandbox.id}: ${error.message}`))
    left?.group.remove()
  }

  /** The last word to the API, once how it ended is written there. */
  async function remove(): Promise<void> {
    view.change({ isRemoved: true })
    report()
    await writer.settled()
    try {
      await api.delete(refOf(pod), { gracePeriodSeconds: 0, preconditions: { uid } })
    } catch (error) {
      if (isApiError(error, 'NotFound', 'Conflict')) return
      view.change({ isRemoved: false })
      wakeAt(clock.monotonicMs() + RETRY_MS)
    }
  }

  async function adopt(): Promise<void> {
    view.change({ surroundings: place ? { kind: 'ready', address: place.sandbox.address } : { kind: 'none' } })
    if (place) begin(settleAgain(place))
    await containers.adopt()
    pod = resize.admit(first)
    sync()
  }

  async function settleAgain({ sandbox }: Place): Promise<void> {
    const lookup = await resume(parts, pod, sandbox)
    if (lookup && !hasLeft) config.follow(lookup)
  }

  function leave(): void {
    hasLeft = true
    containers.leave()
    config.stop()
    resize.stop()
    cancelWakes()
  }

  async function end(graceMs: number): Promise<void> {
    leave()
    await Promise.allSettled(underWay)
    await containers.end(graceMs)
  }

  async function finish(): Promise<void> {
    leave()
    await containers.kill()
    // What was on its way in meanwhile.
    await Promise.allSettled(underWay)
    await containers.kill()
    if (place) await release()
  }

  function begin(work: Promise<void>): void {
    const tracked = work
      .catch((error: Error) => parts.log(`pod ${pod.metadata.namespace}/${pod.metadata.name}: ${error.stack}`))
      .finally(() => underWay.delete(tracked))
    underWay.add(tracked)
  }

  if (past) void adopt()
  else sync()

  return {
    update(next) {
      const isShort = next.metadata.deletionGracePeriodSeconds !== pod.metadata.deletionGracePeriodSeconds
      const isNew = next.metadata.deletionTimestamp !== pod.metadata.deletionTimestamp || isShort
      const isAdded = next.spec.ephemeralContainers?.length !== pod.spec.ephemeralContainers?.length
      const isResized = resourcesOf(next) !== resourcesOf(pod)
      const before = pod
      pod = resize.admit(next)
      config.podChanged(before)
      const others = (next.status?.conditions ?? []).filter(each => !isOurs(each))
      const isGated = (next.spec.readinessGates?.length ?? 0) > 0
      conditions = [...others, ...conditions.filter(isOurs)]
      if (isNew || isAdded || isGated || isResized) sync()
    },
    end,
    finish,
    async forget() {
      await finish()
      await folders.remove(uid)
    },
    leave,
    resources,
    get pod() {
      return pod
    },
    get place() {
      return place
    },
  }
}

/** Whoever sends it requests must know now: it is ready no more, or it is after it was asked. */
function turns({ spec }: Pod, before: readonly Condition[], after: readonly Condition[] = []): boolean {
  const isReady = (conditions: readonly Condition[]): boolean =>
    conditions.some(({ type, status }) => type === 'Ready' && status === 'True')
  if (isReady(before) === isReady(after)) return false
  return isReady(before) || spec.containers.some(({ readinessProbe }) => readinessProbe !== undefined)
}

const resourcesOf = ({ spec }: Pod): string =>
  JSON.stringify([...(spec.initContainers ?? []), ...spec.containers].map(({ resources }) => resources))
