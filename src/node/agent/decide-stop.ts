/**
 * How containers end (the kubelet's killContainer and its termination order), pure: preStop hook, TERM, KILL after the grace period. With
 * the pod all of them end beside each other, but sidecars once the rest has gone, the last one first.
 */
import type { Container, Pod } from '../../kube/core.ts'
import type { Action } from './action.ts'
import { isAlive, type ObservedPod, observedOf, type Running } from './observed.ts'
import { allContainersOf, initContainersOf, type Role, restartsAtAll, sidecarsOf } from './roles.ts'

const DEFAULT_GRACE_SECONDS = 30
/** Whatever a hook or the others have used up, this is left between TERM and KILL. */
const MIN_GRACE_MS = 2_000
/** A server that dies at once on TERM gets it when nobody is sent to it any more: taking it out of its Services takes 20 to 50 ms. */
const DRAIN_MS = 100

/** All of it, then the sandbox; and if it was deleted, it is gone. */
export function stopPod(pod: Pod, seen: ObservedPod, nowMs: number): readonly Action[] {
  const isDeleted = pod.metadata.deletionTimestamp !== undefined
  if (seen.surroundings.kind === 'preparing') return []
  const alive = allContainersOf(pod).filter(({ name }) => isAlive(observedOf(seen, name)))
  if (alive.length === 0) {
    return [...release(seen), ...(isDeleted && !seen.isRemoved ? [{ kind: 'remove' } as const] : [])]
  }
  const graceMs = podGraceMs(pod)
  return alive.flatMap(container => {
    const { name } = container
    const { state } = observedOf(seen, name)
    if (state.kind !== 'running') return []
    const isItsTurn = !standsBefore(pod, name).some(other => isAlive(observedOf(seen, other)))
    const drainMs = isDeleted && serves(container, state) ? DRAIN_MS : 0
    return stopRunning(name, state, { graceMs, isItsTurn, drainMs, message: `Stopping container ${name}` }, nowMs)
  })
}

/** All of it without grace, as upstream; then everything from the first init container on. */
export function startOver(pod: Pod, seen: ObservedPod, because: Container, nowMs: number): readonly Action[] {
  const alive = [...initContainersOf(pod), ...pod.spec.containers].filter(({ name }) => isAlive(observedOf(seen, name)))
  if (alive.length === 0) return [{ kind: 'start-over', because }]
  return alive.flatMap(({ name }) => {
    const { state } = observedOf(seen, name)
    const stop = { graceMs: 0, isItsTurn: true, message: `Stopping container ${name}` }
    return state.kind === 'running' ? stopRunning(name, state, stop, nowMs) : []
  })
}

/** Requests may be on their way to it, and it has no hook that waits for them. */
const serves = ({ ports = [], lifecycle }: Container, { health }: Running): boolean =>
  ports.length > 0 && health.isReady && !lifecycle?.preStop

interface Stop {
  readonly graceMs: number
  readonly isItsTurn: boolean
  /** Between its stop and TERM, at least. */
  readonly drainMs?: number
  /** Of the Event. */
  readonly message: string
}

/** One step of a container's way out. */
function stopRunning(container: string, state: Running, stop: Stop, nowMs: number): readonly Action[] {
  const { stopping } = state
  const { graceMs, isItsTurn, drainMs = 0, message } = stop
  if (!stopping) return [{ kind: 'stop', container, graceMs, message }]
  if (stopping.isKilled) return []
  const deadlineMs = stopping.sinceMs + graceMs
  if (graceMs === 0) return [{ kind: 'signal', container, signal: 'SIGKILL' }]
  if (stopping.termMs === undefined) {
    const mustWait = stopping.isHookRunning || !isItsTurn
    const untilMs = mustWait ? deadlineMs : Math.min(deadlineMs, stopping.sinceMs + drainMs)
    if (nowMs < untilMs) return [{ kind: 'wake', atMs: untilMs }]
    return [{ kind: 'signal', container, signal: 'SIGTERM' }]
  }
  const killMs = Math.max(deadlineMs, stopping.termMs + MIN_GRACE_MS)
  if (nowMs < killMs) return [{ kind: 'wake', atMs: killMs }]
  return [{ kind: 'signal', container, signal: 'SIGKILL' }]
}

/** One that its probes or its hook have given up, while the pod goes on; nothing for one that is well. */
export function stopUnwell(
  pod: Pod,
  container: Container,
  role: Role,
  state: Running,
  nowMs: number,
): readonly Action[] {
  const { stopping } = state
  const why = stopping ? '' : unwellness(pod, container, role, state)
  if (why === undefined) return []
  const graceMs = stopping?.graceMs ?? probeGraceMs(pod, container, state)
  return stopRunning(container.name, state, { graceMs, isItsTurn: true, message: why }, nowMs)
}

function unwellness(pod: Pod, container: Container, role: Role, { health, postStart }: Running): string | undefined {
  if (postStart === 'failed') return 'FailedPostStartHook'
  if (!health.failed) return undefined
  const what = role === 'main' ? 'Container' : 'Init container'
  const then = role === 'main' && restartsAtAll(pod, container, role) ? ', will be restarted' : ''
  return `${what} ${container.name} failed ${health.failed} probe${then}`
}

function probeGraceMs({ spec }: Pod, container: Container, { health }: Running): number {
  const probe = health.failed && container[`${health.failed}Probe`]
  return 1000 * (probe?.terminationGracePeriodSeconds ?? spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS)
}

function podGraceMs({ metadata, spec }: Pod): number {
  const ofDeletion = metadata.deletionTimestamp === undefined ? undefined : metadata.deletionGracePeriodSeconds
  return 1000 * (ofDeletion ?? spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS)
}

/** Whose end a container waits for: a sidecar for the main containers and the sidecars after it. */
function standsBefore(pod: Pod, name: string): readonly string[] {
  const sidecars = sidecarsOf(pod).map(each => each.name)
  const at = sidecars.indexOf(name)
  return at < 0 ? [] : [...pod.spec.containers.map(each => each.name), ...sidecars.slice(at + 1)]
}

function release({ surroundings }: ObservedPod): readonly Action[] {
  return surroundings.kind === 'ready' ? [{ kind: 'release' }] : []
}
