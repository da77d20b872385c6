/** What a Job's `podFailurePolicy` says of a pod that failed (KEP-3329): the first rule that matches decides. */
import type { ContainerStatus, Pod } from '../../../kube/core.ts'
import type { Job, PodFailurePolicyRule } from '../../../kube/workloads.ts'

export interface FailureRuling {
  /** Of the rule that matched; undefined where none did, and the failure counts as ever. */
  readonly action?: PodFailurePolicyRule['action']
  /** Why the whole Job fails, where it does. */
  readonly failsJob?: string
  /** Towards `backoffLimit`, and `backoffLimitPerIndex`. */
  readonly isCounted: boolean
}

const COUNTED: FailureRuling = { isCounted: true }

export function rulingOn(pod: Pod, policy: Job['spec']['podFailurePolicy']): FailureRuling {
  for (const [index, rule] of (policy?.rules ?? []).entries()) {
    const what = whatMatches(pod, rule)
    if (what === undefined) continue
    const { action } = rule
    if (action === 'Ignore') return { action, isCounted: false }
    if (action !== 'FailJob') return { action, isCounted: true }
    return { action, isCounted: true, failsJob: `${what} matching FailJob rule at index ${index}` }
  }
  return COUNTED
}

/** What of the pod the rule is about, in upstream's words. A rule without either requirement matches nothing. */
function whatMatches(pod: Pod, { onExitCodes, onPodConditions }: PodFailurePolicyRule): string | undefined {
  const { namespace, name } = pod.metadata
  if (onExitCodes) {
    const found = containersOf(pod).find(status => hasExitCode(status, onExitCodes))
    const exitCode = found?.state?.terminated?.exitCode
    return found && `Container ${found.name} for pod ${namespace}/${name} failed with exit code ${exitCode}`
  }
  const condition = pod.status?.conditions?.find(({ type, status }) =>
    onPodConditions?.some(pattern => pattern.type === type && (pattern.status ?? 'True') === status),
  )
  return condition && `Pod ${namespace}/${name} has condition ${condition.type}`
}

const containersOf = ({ status }: Pod): readonly ContainerStatus[] => [
  ...(status?.containerStatuses ?? []),
  ...(status?.initContainerStatuses ?? []),
]

/** Success is never a failure, whatever `NotIn` leaves over; a container that still ends has no exit code yet. */
function hasExitCode(
  { name, state }: ContainerStatus,
  { containerName, operator, values }: NonNullable<PodFailurePolicyRule['onExitCodes']>,
): boolean {
  const exitCode = state?.terminated?.exitCode
  if (!exitCode || (containerName !== undefined && containerName !== name)) return false
  return values.includes(exitCode) === (operator === 'In')
}
