/** A pod's status from what is seen of it, as the kubelet writes it (kubelet_pods.go generateAPIPodStatus). Pure. */
import { formatTime, type Instant } from '../../base/clock.ts'
import type { Container, ContainerState, ContainerStatus, Pod, PodPhase, PodStatus } from '../../kube/core.ts'
import type { Condition } from '../../kube/object.ts'
import { restartAtMs } from './back-off.ts'
import {
  type Ended,
  isAlive,
  type ObservedContainer,
  type ObservedPod,
  observedOf,
  outcomeOf,
  pendingInit,
} from './observed.ts'
import { conditionsOf } from './pod-conditions.ts'
import { qosClassOf } from './qos-class.ts'
import { argvOf, ephemeralContainersOf, initContainersOf, type Role, restarts, roleOf, sidecarsOf } from './roles.ts'

export interface StatusFacts {
  readonly hostIP: string
  readonly now: Instant
  readonly nowMs: number
  /** Of the status before: conditions keep the time of their last change. */
  readonly conditions: readonly Condition[]
}

export function podStatus(pod: Pod, seen: ObservedPod, facts: StatusFacts): PodStatus {
  const { surroundings } = seen
  const address = 'address' in surroundings ? surroundings.address : undefined
  const phase = phaseOf(pod, seen)
  const statuses = (containers: readonly Container[]): readonly ContainerStatus[] =>
    containers.map(each => containerStatus(pod, each, roleOf(pod, each), seen, facts.nowMs))
  const containerStatuses = statuses(pod.spec.containers)
  const initContainerStatuses = statuses(initContainersOf(pod))
  const ephemeralContainerStatuses = statuses(ephemeralContainersOf(pod))
  return {
    phase,
    conditions: conditionsOf(pod, { phase, containerStatuses, initContainerStatuses }, facts.conditions, facts.now),
    ...(seen.isOverdue
      ? { reason: 'DeadlineExceeded', message: 'Pod was active on the node longer than the specified deadline' }
      : {}),
    hostIP: facts.hostIP,
    ...(address === undefined ? {} : { podIP: address, podIPs: [{ ip: address }] }),
    startTime: formatTime(seen.acceptedAt),
    ...(initContainerStatuses.length > 0 ? { initContainerStatuses } : {}),
    containerStatuses,
    ...(ephemeralContainerStatuses.length > 0 ? { ephemeralContainerStatuses } : {}),
    qosClass: pod.status?.qosClass ?? qosClassOf(pod),
  }
}

export const isTerminal = (phase: PodPhase | undefined): boolean => phase === 'Succeeded' || phase === 'Failed'

/** Whether the API knows already that the pod is over, so that nothing of it is left to do. */
export const isFinished = (pod: Pod): boolean =>
  isTerminal(pod.status?.phase) && pod.metadata.deletionTimestamp === undefined

function phaseOf(pod: Pod, seen: ObservedPod): PodPhase {
  const outcome = outcomeOf(pod, seen)
  const others = [...sidecarsOf(pod), ...ephemeralContainersOf(pod)]
  if (outcome && !others.some(({ name }) => isAlive(observedOf(seen, name)))) return outcome
  const mains = pod.spec.containers.map(({ name }) => observedOf(seen, name))
  const all = [...initContainersOf(pod).map(({ name }) => observedOf(seen, name)), ...mains]
  if ((pod.metadata.deletionTimestamp !== undefined || seen.isOverdue) && !all.some(isAlive)) {
    return seen.surroundings.kind === 'preparing' ? 'Pending' : 'Failed'
  }
  if (pendingInit(pod, seen)) return 'Pending'
  return mains.some(isFirstStart) ? 'Pending' : 'Running'
}

const isFirstStart = ({ life, state }: ObservedContainer): boolean =>
  life < 0 || (life === 0 && (state.kind === 'starting' || (state.kind === 'running' && state.postStart === 'running')))

function containerStatus(
  pod: Pod,
  container: Container,
  role: Role,
  seen: ObservedPod,
  nowMs: number,
): ContainerStatus {
  const { name, image = '' } = container
  const observed = observedOf(seen, name)
  const { state, last } = observed
  const isStopping =
    pod.metadata.deletionTimestamp !== undefined || seen.isOverdue === true || outcomeOf(pod, seen) !== undefined
  const isWaiting = state.kind === 'ended' && !isStopping && restarts(pod, container, role, state.end.exitCode)
  const previous = isWaiting ? state.end : last
  const shown = isWaiting
    ? backingOff(pod, container, observed.backOff, state, nowMs)
    : stateOf(pod, container, role, seen)
  const running = state.kind === 'running' && !state.postStart ? state.health : undefined
  const isDone = role === 'init' && state.kind === 'ended' && state.end.exitCode === 0
  const isReady = (role === 'main' || role === 'sidecar') && running?.isReady === true
  return {
    name,
    image,
    imageID: '',
    state: shown,
    ...(previous ? { lastState: { terminated: terminated(pod, name, previous) } } : { lastState: {} }),
    ready: isReady || isDone,
    ...(role === 'ephemeral' ? {} : { started: running?.isStarted === true }),
    restartCount: Math.max(0, observed.life),
    ...(observed.life < 0 ? {} : { containerID: containerId(pod, name, observed.life) }),
  }
}

const containerId = ({ metadata }: Pod, name: string, life: number): string =>
  `solvent://${metadata.uid}/${name}/${life}`

function stateOf(pod: Pod, container: Container, role: Role, seen: ObservedPod): ContainerState {
  const { state, life } = observedOf(seen, container.name)
  switch (state.kind) {
    case 'running':
      if (state.postStart === 'running') return { waiting: { reason: 'ContainerCreating' } }
      return { running: { startedAt: formatTime(state.startedAt) } }
    case 'ended':
      return { terminated: terminated(pod, container.name, state.end) }
    case 'starting':
    case 'waiting': {
      const { surroundings } = seen
      const problem =
        (state.kind === 'waiting' ? state.problem : undefined) ??
        (surroundings.kind === 'none' ? surroundings.problem : undefined) ??
        (argvOf(container).length === 0 && life < 0 ? noCommand(container) : undefined)
      if (problem) return { waiting: { reason: problem.reason, message: problem.message } }
      const init = pendingInit(pod, seen)
      const isBehindInit = role !== 'ephemeral' && init !== undefined && init.name !== container.name
      return { waiting: { reason: isBehindInit ? 'PodInitializing' : 'ContainerCreating' } }
    }
  }
}

/** Also the text of the Event. */
export const noCommand = ({ name, image }: Container): { reason: string; message: string } => ({
  reason: 'NoCommand',
  message:
    `container ${name} has no command${image ? `, and the embedded cluster does not run the image ${image}` : ''}. ` +
    `Add what it should run on this machine, such as command: ["node", "main.js"].`,
})

function backingOff(
  pod: Pod,
  { name }: Container,
  backOff: Parameters<typeof restartAtMs>[0],
  { endedMs }: { readonly endedMs: number },
  nowMs: number,
): ContainerState {
  const atMs = restartAtMs(backOff, endedMs)
  if (atMs <= nowMs || !backOff) return { waiting: { reason: 'ContainerCreating' } }
  const { name: podName, namespace, uid } = pod.metadata
  const delay = `${backOff.delayMs >= 60_000 ? `${Math.floor(backOff.delayMs / 60_000)}m` : ''}${(backOff.delayMs / 1000) % 60}s`
  const message = `back-off ${delay} restarting failed container=${name} pod=${podName}_${namespace}(${uid})`
  return { waiting: { reason: 'CrashLoopBackOff', message } }
}

const terminated = (pod: Pod, name: string, end: Ended): NonNullable<ContainerState['terminated']> => ({
  exitCode: end.exitCode,
  reason: end.reason,
  ...(end.message ? { message: end.message } : {}),
  startedAt: formatTime(end.startedAt ?? end.finishedAt),
  finishedAt: formatTime(end.finishedAt),
  containerID: containerId(pod, name, end.life),
})
