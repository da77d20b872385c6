/**
 * What the agent knows of a pod beyond the API object: values that the decision and the status are computed from. Fields in `Ms` are
 * monotonic, so that a wall clock that jumps restarts and kills nothing; `Instant`s are for people to read.
 */
import type { Instant } from '../../base/clock.ts'
import type { Container, Pod } from '../../kube/core.ts'
import type { Health } from '../probes/health.ts'
import type { BackOff } from './back-off.ts'
import { initContainersOf, isSidecar, restarts, ruleOf } from './roles.ts'

export interface Ended {
  readonly life: number
  readonly exitCode: number
  /** `Completed`, `Error`, `StartError`, `OOMKilled`. */
  readonly reason: string
  readonly message?: string
  readonly startedAt?: Instant
  readonly finishedAt: Instant
}

export interface Running {
  readonly kind: 'running'
  readonly startedAt: Instant
  readonly health: Health
  /** Its postStart hook, while it runs or when it failed: until it is over the container does not count as running. */
  readonly postStart?: 'running' | 'failed'
  readonly stopping?: Stopping
}

/** On its way out: the preStop hook, its turn among the others, TERM, KILL. */
export interface Stopping {
  readonly sinceMs: number
  readonly graceMs: number
  readonly isHookRunning?: boolean
  /** When it got TERM. */
  readonly termMs?: number
  readonly isKilled?: boolean
}

export type ContainerState =
  /** Not started, or not again; with a reason where something is wrong with it. */
  | { readonly kind: 'waiting'; readonly problem?: Refusal }
  | { readonly kind: 'starting' }
  | Running
  | { readonly kind: 'ended'; readonly end: Ended; readonly endedMs: number }

export interface Refusal {
  readonly reason: string
  readonly message: string
  /** When it is worth another try; undefined: never. */
  readonly retryMs?: number
}

export interface ObservedContainer {
  /** How often it was started, less one: -1 before the first time. */
  readonly life: number
  readonly state: ContainerState
  /** The life before the present one. */
  readonly last?: Ended
  readonly backOff?: BackOff
  /** The life at which all of the pod started over: those up to it count for nothing. */
  readonly resetLife?: number
}

export type Surroundings =
  | { readonly kind: 'none'; readonly problem?: Refusal }
  | { readonly kind: 'preparing' }
  | { readonly kind: 'ready'; readonly address: string }
  /** Given back: the pod is over. */
  | { readonly kind: 'released'; readonly address?: string }

export interface ObservedPod {
  readonly surroundings: Surroundings
  readonly containers: ReadonlyMap<string, ObservedContainer>
  /** When the agent first saw it, or what corresponds to status.startTime. */
  readonly acceptedMs: number
  readonly acceptedAt: Instant
  /** Its activeDeadlineSeconds ran out. */
  readonly isOverdue?: boolean
  /** The API was told to remove it. */
  readonly isRemoved?: boolean
}

const UNSTARTED: ObservedContainer = { life: -1, state: { kind: 'waiting' } }

export const observedOf = (seen: ObservedPod, name: string): ObservedContainer => seen.containers.get(name) ?? UNSTARTED

export const isAlive = ({ state }: ObservedContainer): boolean => state.kind === 'starting' || state.kind === 'running'

const hasSucceeded = ({ state }: ObservedContainer): boolean => state.kind === 'ended' && state.end.exitCode === 0

/** How the pod ended by itself, whoever still looks into it or stands beside it; undefined: it has not. */
export function outcomeOf(pod: Pod, seen: ObservedPod): 'Succeeded' | 'Failed' | undefined {
  const inits = initContainersOf(pod).filter(container => !isSidecar(container))
  if ([...inits, ...pod.spec.containers].some(({ name }) => isAlive(observedOf(seen, name)))) return undefined
  if (inits.some(init => isOver(pod, init, 'init', seen) && !hasSucceeded(observedOf(seen, init.name)))) return 'Failed'
  if (!pod.spec.containers.every(container => isOver(pod, container, 'main', seen))) return undefined
  return pod.spec.containers.every(({ name }) => hasSucceeded(observedOf(seen, name))) ? 'Succeeded' : 'Failed'
}

/** It ended and is not started again. */
function isOver(pod: Pod, container: Container, role: 'init' | 'main', seen: ObservedPod): boolean {
  const { state } = observedOf(seen, container.name)
  return state.kind === 'ended' && !restarts(pod, container, role, state.end.exitCode)
}

const hasBegun = ({ life, resetLife = -1 }: ObservedContainer): boolean => life > resetLife

/** One ended in a way that restarts the whole pod in its place (KEP-5532, `RestartAllContainers`); undefined: none did. */
export const startingOver = (pod: Pod, seen: ObservedPod): Container | undefined =>
  [...initContainersOf(pod), ...pod.spec.containers].find(container => {
    const { state } = observedOf(seen, container.name)
    return state.kind === 'ended' && ruleOf(container, state.end.exitCode) === 'RestartAllContainers'
  })

/** Something that runs after the init containers has run. */
export const hasInitialized = (pod: Pod, seen: ObservedPod): boolean =>
  pod.spec.containers.some(({ name }) => hasBegun(observedOf(seen, name)))

/**
 * The first init container that is not done yet, so that nothing after it starts: done is one that has succeeded, a sidecar that has started,
 * and whatever stands before one that has been begun.
 */
export function pendingInit(pod: Pod, seen: ObservedPod): Container | undefined {
  if (hasInitialized(pod, seen)) return undefined
  const inits = initContainersOf(pod)
  const lastBegun = inits.findLastIndex(({ name }) => hasBegun(observedOf(seen, name)))
  return inits.find((container, i) => i >= lastBegun && !isDone(container, seen))
}

function isDone(container: Container, seen: ObservedPod): boolean {
  const observed = observedOf(seen, container.name)
  if (!isSidecar(container)) return hasSucceeded(observed)
  return observed.state.kind === 'running' && observed.state.health.isStarted && !observed.state.postStart
}
