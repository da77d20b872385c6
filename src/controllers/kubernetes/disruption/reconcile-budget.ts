/**
 * How many pods a PodDisruptionBudget lets go now (pkg/controller/disruption). Pure; the eviction subresource takes from what is written
 * here and notes whom it took (`disruptedPods`), so that a pod that is about to end is not counted as healthy.
 */
import { formatTime, type Instant } from '../../../base/clock.ts'
import type { PodDisruptionBudget } from '../../../kube/apps.ts'
import type { Pod } from '../../../kube/core.ts'
import { isSame } from '../../../kube/equal.ts'
import { controllerOf, type OwnerReference } from '../../../kube/object.ts'
import { type Action, normal, updateStatus, wake, warning } from '../../runtime/action.ts'
import { withCondition } from '../../runtime/conditions.ts'
import { isReady } from '../deployment/pod-readiness.ts'

/** How many pods a controller wants, told once for all its ReplicaSets; or why that cannot be known. */
export type Scale =
  | { readonly kind: 'scale'; readonly uid: string; readonly replicas: number }
  | { readonly kind: 'unknown'; readonly why: string }
  | undefined

export interface BudgetObserved {
  readonly budget: PodDisruptionBudget
  /** Those that the selector picks. */
  readonly pods: readonly Pod[]
  readonly scaleOf: (owner: OwnerReference) => Scale
}

/** An evicted pod whose end was not seen after that long stays after all. */
const DELETION_TIMEOUT_MS = 2 * 60_000

export function reconcileBudget(observed: BudgetObserved, now: Instant): readonly Action[] {
  const { budget, pods } = observed
  const news = pods.length === 0 ? [normal(budget, 'NoPods', 'No matching pods found')] : []
  const expected = expectedPods(observed)
  if (expected.kind === 'unknown') return [...news, ...refuseAll(budget, expected.why, now)]
  const { kept, late, recheckMs } = disrupted(budget, pods, now)
  const currentHealthy = pods.filter(pod => isHealthy(pod, kept)).length
  const { desiredHealthy, count, unmanaged } = expected
  const spare = Math.max(0, count <= 0 ? 0 : currentHealthy - desiredHealthy)
  const status = nextStatus(budget, { currentHealthy, desiredHealthy, expectedPods: count, spare, kept }, now)
  return [
    ...news,
    ...(unmanaged ? [unmanagedNews(budget)] : []),
    ...late.map(pod => {
      const { namespace } = budget.metadata
      // Upstream's words, with the namespace where the name was meant.
      return warning(pod, 'NotDeleted', `Pod was expected by PDB ${namespace}/${namespace} to be deleted but it wasn't`)
    }),
    ...(isSame(status, budget.status) ? [] : [updateStatus(budget, status)]),
    ...(recheckMs === undefined ? [] : [wake(recheckMs)]),
  ]
}

type Expected =
  | { readonly kind: 'known'; readonly count: number; readonly desiredHealthy: number; readonly unmanaged: boolean }
  | { readonly kind: 'unknown'; readonly why: string }

/** Percentages, and what may be missing, are of what the pods' controllers want, not of what there is. */
function expectedPods({ budget: { spec }, pods, scaleOf }: BudgetObserved): Expected {
  const { minAvailable, maxUnavailable } = spec
  if (maxUnavailable === undefined && typeof minAvailable === 'number') {
    return { kind: 'known', count: pods.length, desiredHealthy: minAvailable, unmanaged: false }
  }
  const scale = expectedScale(pods, scaleOf)
  if (scale.kind === 'unknown') return scale
  const { count, unmanaged } = scale
  const desiredHealthy =
    maxUnavailable === undefined
      ? portion(minAvailable ?? 0, count)
      : Math.max(0, count - portion(maxUnavailable, count))
  return { kind: 'known', count, desiredHealthy, unmanaged }
}

/** Rounded up. */
function portion(value: number | string, of: number): number {
  const percent = /^(\d+)%$/.exec(String(value))?.[1]
  return percent === undefined ? Number(value) : Math.ceil((Number(percent) * of) / 100)
}

function expectedScale(pods: readonly Pod[], scaleOf: BudgetObserved['scaleOf']) {
  const scales = new Map<string, number>()
  let unmanaged = false
  for (const pod of pods) {
    const owner = controllerOf(pod)
    if (!owner) {
      unmanaged = true
      continue
    }
    const scale = scaleOf(owner)
    if (scale === undefined) {
      return { kind: 'unknown', why: `found no controllers for pod "${pod.metadata.name}"` } as const
    }
    if (scale.kind === 'unknown') return scale
    scales.set(scale.uid, scale.replicas)
  }
  return { kind: 'known', count: [...scales.values()].reduce((sum, each) => sum + each, 0), unmanaged } as const
}

interface Disrupted {
  /** Evicted and not yet on their way out, as far as can be seen. */
  readonly kept: Readonly<Record<string, string>>
  readonly late: readonly Pod[]
  readonly recheckMs: number | undefined
}

function disrupted({ status }: PodDisruptionBudget, pods: readonly Pod[], now: Instant): Disrupted {
  const waiting = pods.flatMap(pod => {
    const time = status?.disruptedPods?.[pod.metadata.name ?? '']
    if (time === undefined || pod.metadata.deletionTimestamp) return []
    return [{ pod, time, leftMs: Date.parse(time) + DELETION_TIMEOUT_MS - now }]
  })
  const kept = waiting.filter(({ leftMs }) => leftMs >= 0)
  return {
    kept: Object.fromEntries(kept.map(({ pod, time }) => [pod.metadata.name ?? '', time])),
    late: waiting.filter(({ leftMs }) => leftMs < 0).map(({ pod }) => pod),
    recheckMs: kept.length === 0 ? undefined : Math.min(...kept.map(({ leftMs }) => leftMs)) + 1,
  }
}

const isHealthy = (pod: Pod, kept: Readonly<Record<string, string>>): boolean =>
  pod.metadata.deletionTimestamp === undefined &&
  !(pod.metadata.name !== undefined && pod.metadata.name in kept) &&
  isReady(pod)

interface Counts {
  readonly currentHealthy: number
  readonly desiredHealthy: number
  readonly expectedPods: number
  readonly spare: number
  readonly kept: Readonly<Record<string, string>>
}

function nextStatus(
  budget: PodDisruptionBudget,
  { currentHealthy, desiredHealthy, expectedPods: expected, spare, kept }: Counts,
  now: Instant,
): NonNullable<PodDisruptionBudget['status']> {
  const observedGeneration = budget.metadata.generation
  const condition = {
    ...{ type: 'DisruptionAllowed', message: '', observedGeneration },
    status: spare > 0 ? 'True' : 'False',
    reason: spare > 0 ? 'SufficientPods' : 'InsufficientPods',
  } as const
  return {
    ...{ observedGeneration, currentHealthy, desiredHealthy, expectedPods: expected, disruptionsAllowed: spare },
    ...(Object.keys(kept).length > 0 ? { disruptedPods: kept } : {}),
    conditions: withCondition(budget.status?.conditions, condition, now),
  }
}

/** What cannot be counted lets nobody go. */
function refuseAll(budget: PodDisruptionBudget, why: string, now: Instant): readonly Action[] {
  const condition = {
    ...({ type: 'DisruptionAllowed', status: 'False', reason: 'SyncFailed', message: why } as const),
    observedGeneration: budget.status?.observedGeneration,
  } as const
  const conditions = withCondition(budget.status?.conditions, condition, now)
  const before = { currentHealthy: 0, desiredHealthy: 0, expectedPods: 0, ...budget.status }
  const status = { ...before, disruptionsAllowed: 0, conditions }
  const what = `Failed to calculate the number of expected pods: ${why}`
  return [
    warning(budget, 'CalculateExpectedPodCountFailed', what),
    ...(isSame(status, budget.status) ? [] : [updateStatus(budget, status)]),
  ]
}

function unmanagedNews(budget: PodDisruptionBudget): Action {
  const labels = Object.entries(budget.spec.selector?.matchLabels ?? {}).map(([key, value]) => `${key}: ${value}`)
  const selector = `&LabelSelector{MatchLabels:map[string]string{${labels.join(',')},},MatchExpressions:[]LabelSelectorRequirement{},}`
  const what = [
    `Pods selected by this PodDisruptionBudget (selector: ${selector}) were found to be unmanaged.`,
    'As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior.',
    'To account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.',
  ]
  return warning(budget, 'UnmanagedPods', what.join(' '))
}

/** A pod that was to be disrupted and was not: the mark goes after a while. */
export function reconcileStaleMark(pod: Pod, now: Instant): readonly Action[] {
  const mark = pod.status?.conditions?.find(({ type }) => type === 'DisruptionTarget')
  const isOver = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'
  if (mark?.status !== 'True' || mark.reason === 'TerminationByKubelet' || isOver || pod.metadata.deletionTimestamp)
    return []
  const leftMs = Date.parse(mark.lastTransitionTime ?? '') + DELETION_TIMEOUT_MS - now
  if (leftMs > 0) return [wake(leftMs)]
  const conditions = pod.status?.conditions?.map(each =>
    each === mark ? { type: each.type, status: 'False' as const, lastTransitionTime: formatTime(now) } : each,
  )
  return [updateStatus(pod, { ...pod.status, conditions })]
}
