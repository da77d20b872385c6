/** What to do about a pod, from what is declared and what is seen: a pure function, asked again after every change (the kubelet's SyncPod). */
import type { Container, Pod } from '../../kube/core.ts'
import { restartAtMs } from './back-off.ts'
import {
  allContainersOf,
  argvOf,
  ephemeralContainersOf,
  isAlive,
  type ObservedPod,
  observedOf,
  outcomeOf,
  pendingInit,
  type Role,
  restarts,
} from './observed.ts'

export type Action =
  /** Get a sandbox and fill the volumes. */
  | { readonly kind: 'prepare' }
  | { readonly kind: 'start'; readonly container: Container }
  | { readonly kind: 'signal'; readonly container: string; readonly signal: 'SIGTERM' | 'SIGKILL' }
  /** Give the sandbox back. */
  | { readonly kind: 'release' }
  /** Its deadline is over. */
  | { readonly kind: 'expire' }
  /** Nothing of it is left here: the API may forget it. */
  | { readonly kind: 'remove' }
  /** Ask again at that time, unless something changes before. */
  | { readonly kind: 'wake'; readonly atMs: number }

const DEFAULT_GRACE_SECONDS = 30

export function decidePod(pod: Pod, seen: ObservedPod, nowMs: number): readonly Action[] {
  const isDeleted = pod.metadata.deletionTimestamp !== undefined
  if (isDeleted || seen.isOverdue) return stop(pod, seen, nowMs, isDeleted)
  if (outcomeOf(pod, seen)) return stop(pod, seen, nowMs, false)
  const deadline = deadlineMs(pod, seen)
  if (nowMs >= deadline) return [{ kind: 'expire' }]
  const actions = seen.surroundings.kind === 'ready' ? run(pod, seen, nowMs) : settle(seen, nowMs)
  return deadline === Number.POSITIVE_INFINITY ? actions : [...actions, { kind: 'wake', atMs: deadline }]
}

const deadlineMs = ({ spec }: Pod, { acceptedMs }: ObservedPod): number =>
  spec.activeDeadlineSeconds === undefined ? Number.POSITIVE_INFINITY : acceptedMs + spec.activeDeadlineSeconds * 1000

function settle({ surroundings }: ObservedPod, nowMs: number): readonly Action[] {
  if (surroundings.kind !== 'none') return []
  const { problem } = surroundings
  if (!problem || (problem.retryMs !== undefined && nowMs >= problem.retryMs)) return [{ kind: 'prepare' }]
  return problem.retryMs === undefined ? [] : [{ kind: 'wake', atMs: problem.retryMs }]
}

function run(pod: Pod, seen: ObservedPod, nowMs: number): readonly Action[] {
  const init = pendingInit(pod, seen)
  const each = (containers: readonly Container[], role: Role): readonly Action[] =>
    containers.flatMap(container => runContainer(pod, container, role, seen, nowMs))
  return [
    ...(init ? each([init], 'init') : each(pod.spec.containers, 'main')),
    ...each(ephemeralContainersOf(pod), 'ephemeral'),
  ]
}

function runContainer(pod: Pod, container: Container, role: Role, seen: ObservedPod, nowMs: number): readonly Action[] {
  const { state, backOff } = observedOf(seen, container.name)
  switch (state.kind) {
    case 'waiting':
      return argvOf(container).length === 0
        ? []
        : startAt(container, state.problem ? state.problem.retryMs : nowMs, nowMs)
    case 'ended':
      return restarts(pod, role, state.end.exitCode)
        ? startAt(container, restartAtMs(backOff, state.endedMs), nowMs)
        : []
    case 'starting':
    case 'running':
      return []
  }
}

function startAt(container: Container, atMs: number | undefined, nowMs: number): readonly Action[] {
  if (atMs === undefined) return []
  return atMs <= nowMs ? [{ kind: 'start', container }] : [{ kind: 'wake', atMs }]
}

function release({ surroundings }: ObservedPod): readonly Action[] {
  return surroundings.kind === 'ready' ? [{ kind: 'release' }] : []
}

/** TERM, after the grace period KILL; then, if it is deleted, gone. */
function stop(pod: Pod, seen: ObservedPod, nowMs: number, isDeleted: boolean): readonly Action[] {
  if (seen.surroundings.kind === 'preparing') return []
  const states = allContainersOf(pod).map(({ name }) => ({ name, ...observedOf(seen, name) }))
  if (!states.some(isAlive)) {
    return [...release(seen), ...(isDeleted && !seen.isRemoved ? [{ kind: 'remove' } as const] : [])]
  }
  const killMs = (seen.stoppingSinceMs ?? nowMs) + graceSeconds(pod) * 1000
  const isPatient = nowMs < killMs
  const signals = states.flatMap(({ name, state }): readonly Action[] => {
    if (state.kind !== 'running' || state.signalled === 'SIGKILL') return []
    if (!isPatient) return [{ kind: 'signal', container: name, signal: 'SIGKILL' }]
    return state.signalled ? [] : [{ kind: 'signal', container: name, signal: 'SIGTERM' }]
  })
  return isPatient ? [...signals, { kind: 'wake', atMs: killMs }] : signals
}

const graceSeconds = ({ metadata, spec }: Pod): number =>
  (metadata.deletionTimestamp === undefined ? undefined : metadata.deletionGracePeriodSeconds) ??
  spec.terminationGracePeriodSeconds ??
  DEFAULT_GRACE_SECONDS
