/** The conditions of a pod (the kubelet's status/generate.go). Pure. */
import { formatTime, type Instant } from '../../base/clock.ts'
import type { ContainerStatus, Pod, PodStatus } from '../../kube/core.ts'
import type { Condition } from '../../kube/object.ts'
import { sidecarsOf } from './roles.ts'

type Found = Pick<Condition, 'status' | 'reason' | 'message'>

const yes: Found = { status: 'True' }
const OURS = ['PodScheduled', 'Initialized', 'ContainersReady', 'Ready', 'PodResizePending', 'PodResizeInProgress']

export const isOurs = ({ type }: Condition): boolean => OURS.includes(type)

/** Ours, after those of others; each keeps the time of its last change from `before`. */
export function conditionsOf(
  pod: Pod,
  { phase, containerStatuses = [], initContainerStatuses = [] }: PodStatus,
  before: readonly Condition[],
  now: Instant,
): readonly Condition[] {
  const others = before.filter(condition => !isOurs(condition))
  const sidecars = new Set(sidecarsOf(pod).map(({ name }) => name))
  const kept = initContainerStatuses.filter(({ name }) => sidecars.has(name))
  const containersReady = readiness(phase, [...kept, ...containerStatuses])
  const own: Readonly<Record<string, Found>> = {
    PodScheduled: yes,
    Initialized: initialisation(phase, initContainerStatuses, sidecars, containerStatuses),
    ContainersReady: containersReady,
    Ready: containersReady.status === 'True' ? throughGates(pod, others) : containersReady,
  }
  return [...others, ...Object.entries(own).map(([type, found]) => withTime(type, found, before, now))]
}

function withTime(type: string, found: Found, before: readonly Condition[], now: Instant): Condition {
  const old = before.find(each => each.type === type)
  const lastTransitionTime = old?.status === found.status ? old.lastTransitionTime : formatTime(now)
  return { type, ...found, lastProbeTime: null, lastTransitionTime }
}

function initialisation(
  phase: PodStatus['phase'],
  inits: readonly ContainerStatus[],
  sidecars: ReadonlySet<string>,
  mains: readonly ContainerStatus[],
): Found {
  if (phase === 'Succeeded') return { status: 'True', reason: 'PodCompleted' }
  // Once past its init containers it stays so, whatever becomes of a sidecar.
  if (mains.some(hasBegun)) return yes
  const incomplete = inits.filter(({ name, ready, started }) => !(sidecars.has(name) ? started : ready))
  if (incomplete.length === 0) return yes
  return {
    status: 'False',
    reason: 'ContainersNotInitialized',
    message: `containers with incomplete status: ${names(incomplete)}`,
  }
}

const hasBegun = ({ state, lastState }: ContainerStatus): boolean =>
  (state?.running ?? state?.terminated ?? lastState?.terminated) !== undefined

/** Conditions that others set and that the pod waits for. */
function throughGates({ spec }: Pod, others: readonly Condition[]): Found {
  const problems = (spec.readinessGates ?? []).flatMap(({ conditionType }) => {
    const gate = JSON.stringify(conditionType)
    const found = others.find(({ type }) => type === conditionType)
    if (!found) return [`corresponding condition of pod readiness gate ${gate} does not exist.`]
    return found.status === 'True'
      ? []
      : [`the status of pod readiness gate ${gate} is not "True", but ${found.status}`]
  })
  return problems.length === 0
    ? yes
    : { status: 'False', reason: 'ReadinessGatesNotReady', message: problems.join(', ') }
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
