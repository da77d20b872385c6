/**
 * What the agent knows of a pod beyond the API object: values that the decision and the status are computed from. Fields in `Ms` are
 * monotonic, so that a wall clock that jumps restarts and kills nothing; `Instant`s are for people to read.
 */
import type { Instant } from '../../base/clock.ts'
import type { Container, Pod } from '../../kube/core.ts'
import type { BackOff } from './back-off.ts'

export interface Ended {
  readonly life: number
  readonly exitCode: number
  /** `Completed`, `Error`, `StartError`. */
  readonly reason: string
  readonly message?: string
  readonly startedAt?: Instant
  readonly finishedAt: Instant
}

export type ContainerState =
  /** Not started, or not again; with a reason where something is wrong with it. */
  | { readonly kind: 'waiting'; readonly problem?: Refusal }
  | { readonly kind: 'starting' }
  | { readonly kind: 'running'; readonly startedAt: Instant; readonly signalled?: 'SIGTERM' | 'SIGKILL' }
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
  /** Since when its processes are being stopped. */
  readonly stoppingSinceMs?: number
  /** Its activeDeadlineSeconds ran out. */
  readonly isOverdue?: boolean
  /** The API was told to remove it. */
  readonly isRemoved?: boolean
}

const UNSTARTED: ObservedContainer = { life: -1, state: { kind: 'waiting' } }

export const observedOf = (seen: ObservedPod, name: string): ObservedContainer => seen.containers.get(name) ?? UNSTARTED

export const initContainersOf = (pod: Pod): readonly Container[] => pod.spec.initContainers ?? []

/** Added to a pod that runs, to look into it: one that names no program means the shell of its image (`kubectl debug -it --image=…`). */
export const ephemeralContainersOf = (pod: Pod): readonly Container[] =>
  (pod.spec.ephemeralContainers ?? []).map(container =>
    container.command?.length || container.args?.length ? container : { ...container, command: ['sh'] },
  )

export const allContainersOf = (pod: Pod): readonly Container[] => [
  ...initContainersOf(pod),
  ...pod.spec.containers,
  ...ephemeralContainersOf(pod),
]

export type Role = 'init' | 'main' | 'ephemeral'

/** What it runs; the embedded cluster knows no images, so that a container without a command cannot run. */
export const argvOf = ({ command = [], args = [] }: Container): readonly string[] =>
  command.length === 0 ? [] : [...command, ...args]

export const isAlive = ({ state }: ObservedContainer): boolean => state.kind === 'starting' || state.kind === 'running'

const hasSucceeded = ({ state }: ObservedContainer): boolean => state.kind === 'ended' && state.end.exitCode === 0

/** Whether one that ended is started again (the kubelet's ShouldContainerBeRestarted). */
export function restarts(pod: Pod, role: Role, exitCode: number): boolean {
  if (role === 'ephemeral') return false
  const policy = pod.spec.restartPolicy ?? 'Always'
  if (policy === 'Always' && role === 'main') return true
  return policy !== 'Never' && exitCode !== 0
}

/** How the pod ended by itself, whoever still looks into it; undefined: it has not. */
export function outcomeOf(pod: Pod, seen: ObservedPod): 'Succeeded' | 'Failed' | undefined {
  const states = [...initContainersOf(pod), ...pod.spec.containers].map(({ name }) => observedOf(seen, name))
  if (states.some(isAlive)) return undefined
  const initFailed = initContainersOf(pod).some(({ name }) => {
    const { state } = observedOf(seen, name)
    return state.kind === 'ended' && state.end.exitCode !== 0 && !restarts(pod, 'init', state.end.exitCode)
  })
  if (initFailed) return 'Failed'
  const mains = pod.spec.containers.map(({ name }) => observedOf(seen, name))
  const isOver = mains.every(({ state }) => state.kind === 'ended' && !restarts(pod, 'main', state.end.exitCode))
  if (isOver) return mains.every(hasSucceeded) ? 'Succeeded' : 'Failed'
  return undefined
}

/** The first init container that has not succeeded yet: until it has, nothing after it starts. */
export const pendingInit = (pod: Pod, seen: ObservedPod): Container | undefined =>
  initContainersOf(pod).find(({ name }) => !hasSucceeded(observedOf(seen, name)))
