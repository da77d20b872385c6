/**
 * The autoscaler's decision: the target's scale, its pods and what they use to a new size, or the reason why not
 * (reconcileAutoscaler in pkg/controller/podautoscaler/horizontal.go). Pure, in two halves: between them the new size is written, and
 * what came of that is told.
 */
import { formatTime, type Instant } from '../../../base/clock.ts'
import type { HorizontalPodAutoscaler, MetricStatus } from '../../../kube/autoscaling.ts'
import type { Pod } from '../../../kube/core.ts'
import { isSame } from '../../../kube/equal.ts'
import type { Condition } from '../../../kube/object.ts'
import { milliValue } from '../../../kube/quantity.ts'
import { type Action, normal, updateStatus, warning } from '../../runtime/action.ts'
import { withCondition } from '../../runtime/conditions.ts'
import type { AutoscalerTimes } from './autoscaler-times.ts'
import { NO_STATUS, type Proposal, propose } from './propose.ts'
import type { Tolerances } from './replica-count.ts'
import type { Samples } from './samples.ts'
import { applyRules, type History, withScaleEvent } from './scaling-rules.ts'

export interface TargetScale {
  readonly specReplicas: number
  readonly statusReplicas: number
}

export interface AutoscalerObserved {
  readonly autoscaler: HorizontalPodAutoscaler
  /** A text says why it cannot be read. */
  readonly scale: TargetScale | string
  /** What is wrong with its selector, if anything. */
  readonly selectorFault?: SelectorFault
  readonly pods: readonly Pod[]
  /** One for each metric of the spec, in its order. */
  readonly samples: readonly Samples[]
  readonly history: History
  readonly times: AutoscalerTimes
}

export interface SelectorFault {
  readonly event: string
  readonly eventMessage: string
  readonly reason: string
  readonly message: string
}

export interface AutoscalerDecision {
  /** The size to write; undefined: none. */
  readonly rescaleTo?: number
  readonly rescaleReason: string
  readonly current: number
  readonly desired: number
  readonly conditions: readonly Condition[]
  readonly metrics: readonly MetricStatus[]
  readonly events: readonly Action[]
  readonly history: History
}

type Said = Pick<Condition, 'status'> & { readonly reason: string; readonly message: string }

export function decideReplicas(observed: AutoscalerObserved, now: Instant): AutoscalerDecision {
  const { autoscaler, scale, history } = observed
  const { status } = autoscaler
  const kept = { rescaleReason: '', desired: status?.desiredReplicas ?? 0, metrics: [], events: [], history }
  if (typeof scale === 'string') {
    const message = `the HPA controller was unable to get the target's current scale: ${scale}`
    const able: Said = { status: 'False', reason: 'FailedGetScale', message }
    return {
      ...kept,
      current: status?.currentReplicas ?? 0,
      // Nothing is known anew: what was said of metrics stays.
      metrics: status?.currentMetrics ?? [],
      conditions: set(status?.conditions, 'AbleToScale', able, now),
      events: [warning(autoscaler, 'FailedGetScale', scale)],
    }
  }
  const current = scale.specReplicas
  const known = { ...observed, scale, history: withFirst(history, current, now) }
  const conditions = set(status?.conditions, 'AbleToScale', GOT_SCALE, now)
  const { minReplicas = 1, maxReplicas } = autoscaler.spec
  const base = { ...kept, history: known.history, current }
  if (current === 0) return { ...base, desired: 0, conditions: set(conditions, 'ScalingActive', DISABLED, now) }
  const to = (size: number, rescaleReason: string): AutoscalerDecision => ({
    ...{ ...base, desired: size, rescaleTo: size, rescaleReason, conditions },
  })
  if (current > maxReplicas) return to(maxReplicas, 'Current number of replicas above Spec.MaxReplicas')
  if (current < minReplicas) return to(minReplicas, 'Current number of replicas below Spec.MinReplicas')
  return decideByMetrics(known, base, conditions, now)
}

const GOT_SCALE: Said = {
  status: 'True',
  reason: 'SucceededGetScale',
  message: "the HPA controller was able to get the target's current scale",
}
const DISABLED: Said = {
  status: 'False',
  reason: 'ScalingDisabled',
  message: 'scaling is disabled since the replica count of the target is zero',
}

const set = (conditions: readonly Condition[] | undefined, type: string, said: Said, now: Instant) =>
  withCondition(conditions, { type, ...said }, now)

/** A controller that just started does not fall below the size that it finds. */
const withFirst = (history: History, replicas: number, now: Instant): History =>
  history.recommendations.length > 0 ? history : { ...history, recommendations: [{ replicas, at: now }] }

type Known = AutoscalerObserved & { readonly scale: TargetScale }
type Base = Omit<AutoscalerDecision, 'conditions' | 'rescaleTo'>

function decideByMetrics(observed: Known, base: Base, before: readonly Condition[], now: Instant): AutoscalerDecision {
  const { autoscaler, times } = observed
  const { minReplicas: min = 1, maxReplicas: max, behavior } = autoscaler.spec
  const { current, history } = base
  const asked = observed.selectorFault ? unselected(autoscaler, observed.selectorFault) : askMetrics(observed, now)
  const active = set(before, 'ScalingActive', asked.active, now)
  const error = asked.error === undefined ? [] : [warning(autoscaler, 'FailedComputeMetricsReplicas', asked.error)]
  if (asked.replicas === undefined) {
    return { ...base, conditions: active, metrics: asked.statuses, events: [...asked.events, ...error] }
  }
  const wish = { current, desired: asked.replicas, min, max }
  const verdict = applyRules(wish, behavior, history, times.downStabilizationMs, now)
  const able = set(active, 'AbleToScale', { status: 'True', ...verdict.stabilized }, now)
  const reason = asked.replicas > current ? `${asked.metric} above target` : 'All metrics below target'
  return {
    ...base,
    ...(verdict.replicas === current ? {} : { rescaleTo: verdict.replicas }),
    rescaleReason: asked.replicas === current ? '' : reason,
    desired: verdict.replicas,
    conditions: set(able, 'ScalingLimited', verdict.limited, now),
    metrics: asked.statuses,
    events: asked.events,
    history: verdict.history,
  }
}

interface Asked {
  /** Undefined: no answer that one may act upon. */
  readonly replicas?: number
  readonly metric: string
  readonly active: Said
  readonly statuses: readonly MetricStatus[]
  readonly events: readonly Action[]
  readonly error?: string
}

function unselected(about: HorizontalPodAutoscaler, fault: SelectorFault): Asked {
  const { event, eventMessage, reason, message } = fault
  return {
    metric: '',
    active: { status: 'False', reason, message },
    statuses: [],
    events: [warning(about, event, eventMessage)],
    error: eventMessage,
  }
}

/** The largest of what the metrics ask for; where some are not known, never fewer than now. */
function askMetrics({ autoscaler, scale, pods, samples, times }: Known, now: Instant): Asked {
  const { metrics = [], behavior } = autoscaler.spec
  const current = scale.specReplicas
  const input = { current, pods, tolerances: tolerancesOf(behavior, times.tolerance), times, now }
  const proposals = metrics.map((spec, i) => propose(spec, input, samples[i] ?? { kind: 'unavailable', message: '' }))
  const counts = proposals.filter(proposal => proposal.kind === 'count')
  const faults = proposals.filter(proposal => proposal.kind === 'failed')
  const best = counts.reduce<(typeof counts)[number] | undefined>(
    (top, each) => (top === undefined || each.replicas > top.replicas ? each : top),
    undefined,
  )
  const [first] = faults
  const common = {
    statuses: proposals.map(proposal => (proposal.kind === 'count' ? proposal.status : NO_STATUS)),
    events: faults.map(({ reason, because }) => warning(autoscaler, reason, because)),
    ...(first && { error: faultText(faults, metrics.length) }),
  }
  if (first && (!best || best.replicas < current)) {
    const message = `the HPA was unable to compute the replica count: ${first.because}`
    return { ...common, metric: '', active: { status: 'False', reason: first.reason, message } }
  }
  const metric = best?.metric ?? ''
  const message = `the HPA was able to successfully calculate a replica count from ${metric}`
  const active: Said = { status: 'True', reason: 'ValidMetricFound', message }
  return { ...common, replicas: best?.replicas ?? 0, metric, active }
}

const faultText = (faults: readonly Extract<Proposal, { kind: 'failed' }>[], total: number): string =>
  `invalid metrics (${faults.length} invalid out of ${total}), first error is: ${faults[0]?.error}`

function tolerancesOf(behavior: HorizontalPodAutoscaler['spec']['behavior'], otherwise: number): Tolerances {
  const of = (text: string | undefined): number => (text === undefined ? otherwise : milliValue(text) / 1000)
  return { up: of(behavior?.scaleUp?.tolerance), down: of(behavior?.scaleDown?.tolerance) }
}

export interface Concluded {
  readonly actions: readonly Action[]
  readonly history: History
}

/** What to tell once the new size, if there was one, is written; `refusal` says why it could not be. */
export function concludeScaling(
  autoscaler: HorizontalPodAutoscaler,
  decision: AutoscalerDecision,
  refusal: string | undefined,
  now: Instant,
): Concluded {
  const { rescaleTo, rescaleReason, current, desired, metrics, events, history } = decision
  const told = (more: readonly Action[], conditions: readonly Condition[], size: number, isRescaled: boolean) => {
    const { status } = autoscaler
    const next: NonNullable<HorizontalPodAutoscaler['status']> = {
      ...(autoscaler.metadata.generation === undefined ? {} : { observedGeneration: autoscaler.metadata.generation }),
      ...(isRescaled
        ? { lastScaleTime: formatTime(now) }
        : status?.lastScaleTime && { lastScaleTime: status.lastScaleTime }),
      currentReplicas: current,
      desiredReplicas: size,
      ...(metrics.length > 0 ? { currentMetrics: metrics } : {}),
      conditions,
    }
    return [...events, ...more, ...(isSame(next, status) ? [] : [updateStatus(autoscaler, next)])]
  }
  if (rescaleTo === undefined) return { actions: told([], decision.conditions, desired, false), history }
  if (refusal !== undefined) {
    const failed = `New size: ${rescaleTo}; reason: ${rescaleReason}; error: ${refusal}`
    const message = `the HPA controller was unable to update the target scale: ${refusal}`
    const able: Said = { status: 'False', reason: 'FailedUpdateScale', message }
    const conditions = set(decision.conditions, 'AbleToScale', able, now)
    const size = autoscaler.status?.desiredReplicas ?? 0
    return { actions: told([warning(autoscaler, 'FailedRescale', failed)], conditions, size, false), history }
  }
  const message = `the HPA controller was able to update the target scale to ${rescaleTo}`
  const able: Said = { status: 'True', reason: 'SucceededRescale', message }
  const conditions = withoutZero(set(decision.conditions, 'AbleToScale', able, now), now)
  const success = normal(autoscaler, 'SuccessfulRescale', `New size: ${rescaleTo}; reason: ${rescaleReason}`)
  return {
    actions: told([success], conditions, rescaleTo, true),
    history: withScaleEvent(history, autoscaler.spec.behavior, current, rescaleTo, now),
  }
}

/** Only metrics of other objects could have scaled to zero, and those are not served here (KEP-2021). */
const withoutZero = (conditions: readonly Condition[], now: Instant): readonly Condition[] =>
  set(conditions, 'ScaledToZero', NOT_ZERO, now)
const NOT_ZERO: Said = {
  status: 'False',
  reason: 'NotScaledToZero',
  message: 'the HPA controller did not scale the workload to zero',
}
