/** The columns of pods: what kubectl's users look at most, so every rule of upstream's printPod is here, each as a function. */
import type { ContainerStatus, Pod } from '../../kube/core.ts'
import { AGE, type Column, NAME, NONE, text, wide } from './column.ts'
import { since } from './duration.ts'

type PodStatus = NonNullable<Pod['status']>

const hasCondition = (pod: Pod, type: string): boolean =>
  pod.status?.conditions?.some(c => c.type === type && c.status === 'True') ?? false

/** `Completed`, `Error`, else by signal or exit code. */
function terminationReason({ state }: ContainerStatus): string {
  const ended = state?.terminated
  return ended?.reason || (ended?.signal ? `Signal:${ended.signal}` : `ExitCode:${ended?.exitCode ?? 0}`)
}

/** Names of init containers that stay: sidecars. */
const sidecarsOf = ({ spec }: Pod): ReadonlySet<string> =>
  new Set((spec.initContainers ?? []).filter(each => each.restartPolicy === 'Always').map(each => each.name))

const sidecarStatuses = (pod: Pod): readonly ContainerStatus[] => {
  const sidecars = sidecarsOf(pod)
  return (pod.status?.initContainerStatuses ?? []).filter(({ name }) => sidecars.has(name))
}

/** Why the pod has not got past its init containers, or undefined when it has. */
function initReason(pod: Pod): string | undefined {
  const statuses = pod.status?.initContainerStatuses ?? []
  const sidecars = sidecarsOf(pod)
  const index = statuses.findIndex(
    ({ name, started, state }) => state?.terminated?.exitCode !== 0 && !(sidecars.has(name) && started),
  )
  const status = statuses[index]
  if (!status) return undefined
  if (status.state?.terminated) return `Init:${terminationReason(status)}`
  const waiting = status.state?.waiting?.reason
  return waiting && waiting !== 'PodInitializing'
    ? `Init:${waiting}`
    : `Init:${index}/${pod.spec.initContainers?.length ?? 0}`
}

/** The reason of the first container that waits or has ended; while another one runs, a `Completed` is not the pod's. */
function containersReason(pod: Pod, otherwise: string): string {
  const statuses = [...(pod.status?.containerStatuses ?? [])].reverse()
  let reason = otherwise
  let errorReason = ''
  for (const status of statuses) {
    if (status.state?.waiting?.reason) reason = status.state.waiting.reason
    else if (status.state?.terminated) {
      reason = terminationReason(status)
      if (status.state.terminated.exitCode !== 0) errorReason = reason
    }
  }
  if (reason !== 'Completed') return reason
  const hasRunning = statuses.some(status => status.ready && status.state?.running)
  if (hasRunning && hasCondition(pod, 'Ready')) return 'Running'
  return errorReason || (hasRunning ? 'NotReady' : reason)
}

export function podStatusText(pod: Pod): string {
  const status: PodStatus = pod.status ?? {}
  const isOver = status.phase === 'Succeeded' || status.phase === 'Failed'
  if (pod.metadata.deletionTimestamp) {
    if (status.reason === 'NodeLost') return 'Unknown'
    if (!isOver) return 'Terminating'
  }
  const isGated = status.conditions?.some(c => c.type === 'PodScheduled' && c.reason === 'SchedulingGated')
  const phase = isGated ? 'SchedulingGated' : status.reason || status.phase || ''
  const init = hasCondition(pod, 'Initialized') ? undefined : initReason(pod)
  return init ?? containersReason(pod, phase)
}

function restarts(pod: Pod, now: number): string {
  const initializing = !hasCondition(pod, 'Initialized') && initReason(pod) !== undefined
  const initialized = [...sidecarStatuses(pod), ...(pod.status?.containerStatuses ?? [])]
  const statuses = initializing ? (pod.status?.initContainerStatuses ?? []) : initialized
  const count = statuses.reduce((sum, status) => sum + status.restartCount, 0)
  const ends = statuses.flatMap(status => status.lastState?.terminated?.finishedAt ?? []).sort()
  const last = ends.at(-1)
  return count > 0 && last ? `${count} (${since(last, now)} ago)` : `${count}`
}

function ready(pod: Pod): string {
  const statuses = [...sidecarStatuses(pod), ...(pod.status?.containerStatuses ?? [])]
  const isReady = statuses.filter(status => status.ready && status.state?.running)
  return `${isReady.length}/${pod.spec.containers.length + sidecarsOf(pod).size}`
}

function gates({ spec, status }: Pod): string {
  const wanted = spec.readinessGates ?? []
  const open = wanted.filter(({ conditionType }) =>
    status?.conditions?.some(each => each.type === conditionType && each.status === 'True'),
  )
  return wanted.length === 0 ? NONE : `${open.length}/${wanted.length}`
}

export const POD_COLUMNS: readonly Column<Pod>[] = [
  NAME,
  text('Ready', ready),
  text('Status', podStatusText),
  text('Restarts', restarts),
  AGE,
  wide(text('IP', pod => pod.status?.podIPs?.[0]?.ip || pod.status?.podIP || NONE)),
  wide(text('Node', pod => pod.spec.nodeName || NONE)),
  wide(text('Nominated Node', pod => pod.status?.nominatedNodeName || NONE)),
  wide(text('Readiness Gates', gates)),
]
