/**
 * One pod's life on this node: whatever happens changes what is seen of it, and then it is decided anew what to do. Effects run beside each
 * other; what they set out to do is marked before they begin, so a decision never asks for the same thing twice.
 */
import type { Instant } from '../../base/clock.ts'
import type { Container, Pod } from '../../kube/core.ts'
import { refOf } from '../../kube/object.ts'
import { isApiError } from '../../kube/status.ts'
import type { ProcessEnd } from '../spawner/spawner-client.ts'
import { adoptContainers, type Past } from './adopt.ts'
import type { AgentParts } from './agent-parts.ts'
import { afterRestart } from './back-off.ts'
import { type Action, decidePod } from './decide-pod.ts'
import { allContainersOf, argvOf, observedOf } from './observed.ts'
import { createPodProcesses } from './pod-processes.ts'
import { isTerminal, noCommand, podStatus } from './pod-status.ts'
import { createPodView } from './pod-view.ts'
import { startContainer } from './start-container.ts'
import { createStatusWriter } from './status-writer.ts'
import { findPlace, furnish, type Place, refusalOf, resume } from './surroundings.ts'

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
}

/** Exit code of a container that could not be started, as runc's callers have it. */
const START_ERROR = 128
const MISCONFIGURED_RETRY_MS = 2_000
/** One that lasts so long gets an Event; a thousand that come and go do not. */
const STARTED_EVENT_MS = 1_000

export function createPodWorker(parts: AgentParts, first: Pod, past?: Past): PodWorker {
  const { api, clock, events, folders, lives, spawner } = parts
  const writer = createStatusWriter(parts)
  const view = createPodView(first, clock)
  const processes = createPodProcesses(spawner, clock)
  const underWay = new Set<Promise<void>>()
  const uid = first.metadata.uid ?? ''
  let pod = first
  let place: Place | undefined = past?.sandbox && { sandbox: past.sandbox }
  let attempts = 0
  let hasLeft = false
  const wakes: (() => void)[] = []
  let conditions = first.status?.conditions ?? []
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
        begin(start(action.container))
        break
      case 'signal':
        signal(action.container, action.signal)
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
    const status = podStatus(pod, view.seen, facts)
    conditions = status.conditions ?? []
    writer.set(pod, status, isTerminal(status.phase))
  }

  async function prepare(): Promise<void> {
    view.change({ surroundings: { kind: 'preparing' } })
    const refusal = refusalOf(parts, pod) ?? (await settleIn())
    if (hasLeft) return
    if (refusal) {
      events.event(pod, 'Warning', refusal.reason === 'MountRefused' ? 'FailedMount' : refusal.reason, refusal.message)
      view.change({ surroundings: { kind: 'none', problem: refusal } })
    } else if (place) {
      view.change({ surroundings: { kind: 'ready', address: place.sandbox.address } })
      for (const container of allContainersOf(pod).filter(each => argvOf(each).length === 0)) {
        events.event(pod, 'Warning', 'NoCommand', noCommand(container).message)
      }
    }
    sync()
  }

  async function settleIn() {
    if (!place) {
      try {
        place = await findPlace(parts, pod)
      } catch (error) {
        const retryMs = clock.monotonicMs() + MISCONFIGURED_RETRY_MS
        return { reason: 'FailedCreatePodSandBox', message: (error as Error).message, retryMs }
      }
      const { namespace = '', name = '' } = pod.metadata
      folders.writeNote(uid, { namespace, name, sandbox: place.sandbox.id })
    }
    return furnish(parts, pod, place.sandbox, attempts++)
  }

  async function start(container: Container): Promise<void> {
    const { name } = container
    const before = observedOf(view.seen, name)
    const life = before.life + 1
    const nowMs = clock.monotonicMs()
    const again =
      before.state.kind === 'ended'
        ? { last: before.state.end, backOff: afterRestart(before.backOff, before.state.endedMs, nowMs) }
        : {}
    view.changeContainer(name, { ...again, life, state: { kind: 'starting' } })
    const startedAt = clock.now()
    const onExit = (end: ProcessEnd): void => ended(name, life, startedAt, end)
    const result = await startContainer(parts, pod, container, life, place!, onExit)
    if (result.kind === 'started') {
      // Its end may have been told before we came to go on here.
      if (observedOf(view.seen, name).state.kind === 'starting') began(name, life, result.process, startedAt)
    } else if (result.kind === 'failed') {
      events.event(pod, 'Warning', 'Failed', `container ${name} cannot start: ${result.message}`)
      view.containerEnded(name, {
        life,
        exitCode: START_ERROR,
        reason: 'StartError',
        message: result.message,
        finishedAt: clock.now(),
      })
    } else {
      events.event(pod, 'Warning', 'Failed', `Error: ${result.message}`)
      const problem = {
        reason: 'CreateContainerConfigError',
        message: result.message,
        retryMs: clock.monotonicMs() + MISCONFIGURED_RETRY_MS,
      }
      const last = before.state.kind === 'ended' ? before.state.end : before.last
      view.changeContainer(name, { ...before, last, state: { kind: 'waiting', problem } })
    }
    sync()
  }

  function began(name: string, life: number, process: string, startedAt: Instant): void {
    const folder = folders.lifeFolder(uid, name, life)
    processes.began(name, process)
    lives.begin(folder)
    view.changeContainer(name, { state: { kind: 'running', startedAt } })
    clock.after(STARTED_EVENT_MS, () => {
      if (!hasLeft && lives.isRunning(folder)) events.event(pod, 'Normal', 'Started', `Started container ${name}`)
    })
  }

  function ended(name: string, life: number, startedAt: Instant, { code, recordedAt }: ProcessEnd): void {
    processes.ended(name)
    lives.end(folders.lifeFolder(uid, name, life))
    const reason = code === 0 ? 'Completed' : 'Error'
    view.containerEnded(name, { life, exitCode: code, reason, startedAt, finishedAt: recordedAt ?? clock.now() })
    if (code !== 0 && (pod.spec.restartPolicy ?? 'Always') !== 'Never' && life > 0 && !hasLeft) {
      events.event(
        pod,
        'Warning',
        'BackOff',
        `Back-off restarting failed container ${name} in pod ${pod.metadata.name}`,
      )
    }
    sync()
  }

  function signal(name: string, which: 'SIGTERM' | 'SIGKILL'): void {
    const { state } = observedOf(view.seen, name)
    if (state.kind !== 'running') return
    view.changeContainer(name, { state: { ...state, signalled: which } })
    if (view.seen.stoppingSinceMs === undefined) {
      view.change({ stoppingSinceMs: clock.monotonicMs() })
      events.event(pod, 'Normal', 'Killing', `Stopping container ${name}`)
    }
    processes.signal(name, which)
  }

  async function release(): Promise<void> {
    const { surroundings } = view.seen
    view.change({
      surroundings: { kind: 'released', address: 'address' in surroundings ? surroundings.address : undefined },
    })
    const left = place
    place = undefined
    parts.volumes.forget(uid)
    parts.onSandboxGone(uid)
    await left?.slot?.discard()
    await left?.sandbox.destroy().catch((error: Error) => parts.log(`sandbox ${left.sandbox.id}: ${error.message}`))
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
      wakeAt(clock.monotonicMs() + MISCONFIGURED_RETRY_MS)
    }
  }

  async function adopt(): Promise<void> {
    view.change({ surroundings: place ? { kind: 'ready', address: place.sandbox.address } : { kind: 'none' } })
    if (place) begin(resume(parts, pod, place.sandbox))
    await adoptContainers(parts, pod, place !== undefined, {
      see: view.changeContainer,
      running: processes.began,
      ended,
    })
    sync()
  }

  function leave(): void {
    hasLeft = true
    cancelWakes()
  }

  async function end(graceMs: number): Promise<void> {
    leave()
    await Promise.allSettled(underWay)
    await processes.stop(graceMs)
  }

  async function finish(): Promise<void> {
    leave()
    await processes.kill()
    // What was on its way in meanwhile.
    await Promise.allSettled(underWay)
    await processes.kill()
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
      pod = next
      if (isNew || isAdded) sync()
    },
    end,
    finish,
    async forget() {
      await finish()
      await folders.remove(uid)
    },
    leave,
    get place() {
      return place
    },
  }
}
