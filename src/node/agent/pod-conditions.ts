/** The conditions of a pod (the kubelet's status/generate.go). Pure. */
import { formatTime, type Instant } from '../../base/clock.ts'
import type { ContainerStatus, PodStatus } from '../../kube/core.ts'
import type { Condition } from '../../kube/object.ts'

type Found = Pick<Condition, 'status' | 'reason' | 'message'>

const yes: Found = { status: 'True' }

/** Ours, after those of others; each keeps the time of its last change from `before`. */
export function conditionsOf(
  { phase, containerStatuses = [], initContainerStatuses = [] }: PodStatus,
  before: readonly Condition[],
  now: Instant,
): readonly Condition[] {
  const ready = readiness(phase, containerStatuses)
  const own: Readonly<Record<string, Found>> = {
    PodScheduled: yes,
    Initialized: initialisation(phase, initContainerStatuses),
    ContainersReady: ready,
    Ready: ready,
  }
  const others = before.filter(({ type }) => !(type in own))
  return [...others, ...Object.entries(own).map(([type, found]) => withTime(type, found, before, now))]
}

function withTime(type: string, found: Found, before: readonly Condition[], now: Instant): Condition {
  const old = before.find(each => each.type === type)
  const lastTransitionTime = old?.status === found.status ? old.lastTransitionTime : formatTime(now)
  return { type, ...found, lastProbeTime: null, lastTransitionTime }
}

function initialisation(phase: PodStatus['phase'], inits: readonly ContainerStatus[]): Found {
  if (phase === 'Succeeded') return { status: 'True', reason: 'PodCompleted' }
  const incomplete = inits.filter(({ ready }) => !ready)
  if (incomplete.length === 0) return yes
  return {
    status: 'False',
    reason: 'ContainersNotInitialized',
    message: `containers with incomplete status: ${names(incomplete)}`,
  }
}

function readiness(phase: PodStatus['phase'], containers: readonly ContainerStatus[]): Found {
  if (phase === 'Succeeded') return { status: 'False', reason: 'PodCompleted' }
  if (phase === 'Failed') return { status: 'False', reason: 'PodFailed' }
  const unready = containers.filter(({ ready }) => !ready)
  if (unready.length === 0) return yes
  return {
    status: 'False',
    reason: 'ContainersNotReady',
    message: `containers with unready status: ${names(unready)}`,
  }
}

const names = (statuses: readonly ContainerStatus[]): string => `[${statuses.map(({ name }) => name).join(' ')}]`
