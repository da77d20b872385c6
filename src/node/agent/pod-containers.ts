/**
 * The containers of one pod as they live: started, asked how they are, stopped. Each change of what is seen of them ends in `sync`, so that
 * it is decided anew.
 */
import type { Instant } from '../../base/clock.ts'
import type { Container } from '../../kube/core.ts'
import { firstHealth, type Health } from '../probes/health.ts'
import type { ProcessEnd } from '../spawner/spawner-client.ts'
import { adoptContainers } from './adopt.ts'
import type { AgentParts } from './agent-parts.ts'
import { afterRestart, restartAtMs } from './back-off.ts'
import { type ContainerCare, createContainerCare } from './container-care.ts'
import { observedOf } from './observed.ts'
import type { PodContext } from './pod-context.ts'
import { createPodProcesses, type PodProcesses } from './pod-processes.ts'
import type { PodResources } from './pod-resources.ts'
import type { PodView } from './pod-view.ts'
import { allContainersOf, initContainersOf, restarts, roleOf } from './roles.ts'
import { startContainer } from './start-container.ts'
import { terminationMessage } from './termination-message.ts'

export interface PodContainers extends Pick<PodProcesses, 'kill'> {
  start(container: Container): Promise<void>
  stop(name: string, graceMs: number, message: string): void
  /** For another life at once, with other amounts. */
  restart(container: Container): void
  signal(name: string, which: 'SIGTERM' | 'SIGKILL'): void
  /** Nothing runs: all but what only looks in begins anew, later each time. */
  startOver(because: Container): void
  /** Of an earlier life of this agent. */
  adopt(): Promise<void>
  /** Nobody asks how they are any more; what runs goes on. */
  leave(): void
  /** TERM, after `graceMs` KILL; resolves when all have ended. */
  end(graceMs: number): Promise<void>
}

/** Exit code of a container that could not be started, as runc's callers have it. */
const START_ERROR = 128
const STARTING_OVER = {
  reason: 'RestartingAllContainers',
  message: 'The container is removed because RestartAllContainers in place',
}
const MISCONFIGURED_RETRY_MS = 2_000
/** One that lasts so long gets an Event; a thousand that come and go do not. */
const STARTED_EVENT_MS = 1_000

export function createPodContainers(
  parts: AgentParts,
  view: PodView,
  context: PodContext,
  resources: PodResources,
): PodContainers {
  const { clock, events, folders, lives } = parts
  const { sync, hasLeft } = context
  const processes = createPodProcesses(parts.spawner, clock)
  const care: ContainerCare = createContainerCare(parts, view, context)
  const uid = context.pod().metadata.uid ?? ''
  const folderOf = (name: string, life: number): string => folders.lifeFolder(uid, name, life)
  const containerOf = (name: string): Container | undefined =>
    allContainersOf(context.pod()).find(each => each.name === name)

  async function start(container: Container): Promise<void> {
    const { name } = container
    const place = context.place()
    if (!place) return
    const before = observedOf(view.seen, name)
    const life = before.life + 1
    const nowMs = clock.monotonicMs()
    const again =
      before.state.kind === 'ended'
        ? { last: before.state.end, backOff: afterRestart(before.backOff, before.state.endedMs, nowMs, parts.backOff) }
        : {}
    view.changeContainer(name, { ...again, life, state: { kind: 'starting' } })
    const startedAt = clock.now()
    const onExit = (end: ProcessEnd): void => ended(name, life, startedAt, end)
    const result = await startContainer(parts, context.pod(), container, life, place, onExit)
    if (result.kind === 'started') {
      // Its end may have been told before we came to go on here.
      if (observedOf(view.seen, name).state.kind === 'starting') began(container, life, result.process, startedAt)
    } else if (result.kind === 'failed') {
      events.event(context.pod(), 'Warning', 'Failed', `container ${name} cannot start: ${result.message}`)
      const [exitCode, reason, finishedAt] = [START_ERROR, 'StartError', clock.now()]
      view.containerEnded(name, { life, exitCode, reason, message: result.message, finishedAt })
    } else {
      events.event(context.pod(), 'Warning', 'Failed', `Error: ${result.message}`)
      const retryMs = clock.monotonicMs() + MISCONFIGURED_RETRY_MS
      const problem = { reason: 'CreateContainerConfigError', message: result.message, retryMs }
      const last = before.state.kind === 'ended' ? before.state.end : before.last
      view.changeContainer(name, { ...before, last, state: { kind: 'waiting', problem } })
      context.awaitConfig(result.lookup, container)
    }
    sync()
  }

  function began(container: Container, life: number, process: string, startedAt: Instant): void {
    const { name } = container
    const folder = folderOf(name, life)
    processes.began(name, process)
    lives.begin(folder)
    view.changeContainer(name, { state: { kind: 'running', startedAt, health: firstHealth(container) } })
    resources.began(container, life, startedAt)
    care.began(container, clock.monotonicMs())
    clock.after(STARTED_EVENT_MS, () => {
      if (!hasLeft() && lives.isRunning(folder)) events.event(context.pod(), 'Normal', 'Started', 'Container started')
    })
  }

  function ended(name: string, life: number, startedAt: Instant, { code, recordedAt }: ProcessEnd): void {
    const container = containerOf(name)
    const { backOff } = observedOf(view.seen, name)
    processes.ended(name)
    care.ended(name)
    lives.end(folderOf(name, life))
    const { sandbox } = context.place() ?? {}
    const message =
      container && terminationMessage(container, code, { sandbox, startedAt, folder: folderOf(name, life) })
    const reason = resources.ended(name, code)
    const finishedAt = recordedAt ?? clock.now()
    view.containerEnded(name, { life, exitCode: code, reason, ...(message && { message }), startedAt, finishedAt })
    if (container && backOff && !hasLeft() && willWait(container, code)) tellBackOff(name)
    sync()
  }

  /** The pod goes on, and it is to be started again. */
  function willWait(container: Container, code: number): boolean {
    const pod = context.pod()
    return pod.metadata.deletionTimestamp === undefined && restarts(pod, container, roleOf(pod, container), code)
  }

  function tellBackOff(name: string): void {
    const { name: podName, namespace } = context.pod().metadata
    const message = `Back-off restarting failed container ${name} in pod ${podName}_${namespace}(${uid})`
    events.event(context.pod(), 'Warning', 'BackOff', message)
  }

  function stop(name: string, graceMs: number, message: string): void {
    const container = containerOf(name)
    const { state } = observedOf(view.seen, name)
    if (state.kind !== 'running' || !container) return
    events.event(context.pod(), 'Normal', 'Killing', message)
    const isHookRunning = graceMs > 0 && container.lifecycle?.preStop !== undefined
    view.changeRunning(name, { stopping: { sinceMs: clock.monotonicMs(), graceMs, isHookRunning } })
    care.stopping(container, graceMs)
    queueMicrotask(sync)
  }

  function signal(name: string, which: 'SIGTERM' | 'SIGKILL'): void {
    const { state } = observedOf(view.seen, name)
    if (state.kind !== 'running' || !state.stopping) return
    const change = which === 'SIGKILL' ? { isKilled: true } : { termMs: clock.monotonicMs() }
    view.changeRunning(name, { stopping: { ...state.stopping, ...change } })
    processes.signal(name, which)
    queueMicrotask(sync)
  }

  function startOver({ name: source }: Container): void {
    const { state, backOff } = observedOf(view.seen, source)
    if (state.kind !== 'ended') return
    const problem = { ...STARTING_OVER, retryMs: restartAtMs(backOff, state.endedMs) }
    for (const { name } of [...initContainersOf(context.pod()), ...context.pod().spec.containers]) {
      const { life, state: before, last } = observedOf(view.seen, name)
      const end = before.kind === 'ended' ? before.end : last
      const told = end && name !== source ? { ...end, ...STARTING_OVER } : end
      view.changeContainer(name, { state: { kind: 'waiting', problem }, last: told, resetLife: life })
    }
    const next = afterRestart(backOff, state.endedMs, clock.monotonicMs(), parts.backOff)
    view.changeContainer(source, { backOff: next })
    queueMicrotask(sync)
  }

  return {
    start,
    stop,
    startOver,
    restart({ name }) {
      const seconds = context.pod().spec.terminationGracePeriodSeconds ?? 30
      stop(name, seconds * 1000, `Container ${name} resize requires restart`)
    },
    signal,
    adopt: () =>
      adoptContainers(parts, context.pod(), context.place() !== undefined, {
        see: view.changeContainer,
        running(container, process, startedMs, known: Health) {
          processes.began(container.name, process)
          const { life, state } = observedOf(view.seen, container.name)
          if (state.kind === 'running') resources.began(container, life, state.startedAt)
          care.adopted(container, startedMs, known)
        },
        ended,
      }),
    leave: care.leave,
    kill: processes.kill,
    end: processes.stop,
  }
}
