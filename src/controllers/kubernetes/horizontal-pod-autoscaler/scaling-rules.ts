/**
 * How fast, and how far back from a peak, an autoscaler may go: stabilisation over recent recommendations, then limits by what was changed
 * in recent periods, then `minReplicas` and `maxReplicas` (normalizeDesiredReplicas… in pkg/controller/podautoscaler/horizontal.go).
 */
import type { Instant } from '../../../base/clock.ts'
import type { HorizontalPodAutoscaler, ScalingRules } from '../../../kube/autoscaling.ts'

export interface History {
  /** What metrics asked for, before rules. */
  readonly recommendations: readonly { readonly replicas: number; readonly at: Instant }[]
  readonly ups: readonly ScaleEvent[]
  readonly downs: readonly ScaleEvent[]
}
export interface ScaleEvent {
  readonly change: number
  readonly at: Instant
}
export const NO_HISTORY: History = { recommendations: [], ups: [], downs: [] }

export interface Wish {
  readonly current: number
  readonly desired: number
  readonly min: number
  readonly max: number
}

export interface Verdict {
  readonly replicas: number
  readonly stabilized: { readonly reason: string; readonly message: string }
  readonly limited: { readonly status: 'True' | 'False'; readonly reason: string; readonly message: string }
  readonly history: History
}

type Behavior = HorizontalPodAutoscaler['spec']['behavior']

const READY = { reason: 'ReadyForNewScale', message: 'recommended size matches current size' }
const UP_STABILIZED = {
  reason: 'ScaleUpStabilized',
  message: 'recent recommendations were lower than current one, applying the lowest recent recommendation',
}
const DOWN_STABILIZED = {
  reason: 'ScaleDownStabilized',
  message: 'recent recommendations were higher than current one, applying the highest recent recommendation',
}
const WITHIN = { reason: 'DesiredWithinRange', message: 'the desired count is within the acceptable range' }
const UP_LIMIT = {
  reason: 'ScaleUpLimit',
  message: 'the desired replica count is increasing faster than the maximum scale rate',
}
const DOWN_LIMIT = {
  reason: 'ScaleDownLimit',
  message: 'the desired replica count is decreasing faster than the maximum scale rate',
}
const TOO_MANY = {
  reason: 'TooManyReplicas',
  message: 'the desired replica count is more than the maximum replica count',
}
const TOO_FEW = {
  reason: 'TooFewReplicas',
  message: 'the desired replica count is less than the minimum replica count',
}

/** `downWindowMs`: the stabilisation downwards where the autoscaler says none. */
export function applyRules(
  wish: Wish,
  behavior: Behavior,
  history: History,
  downWindowMs: number,
  now: Instant,
): Verdict {
  const stabilized = behavior
    ? stabilizeBoth(wish, behavior, history, downWindowMs, now)
    : stabilizeDown(wish, history, downWindowMs, now)
  const bounded = { ...wish, desired: stabilized }
  const limited = behavior ? limitByRates(bounded, behavior, history, now) : limitByDefault(bounded)
  const direction = behavior && wish.desired >= wish.current ? UP_STABILIZED : DOWN_STABILIZED
  const { replicas, ...said } = limited
  return {
    replicas,
    stabilized: stabilized === wish.desired ? READY : direction,
    limited: { status: replicas === stabilized ? 'False' : 'True', ...said },
    history: { ...history, recommendations: remembered(wish.desired, behavior, history, downWindowMs, now) },
  }
}

/** Only what some window still sees. */
function remembered(
  replicas: number,
  behavior: Behavior,
  { recommendations }: History,
  downWindowMs: number,
  now: Instant,
): History['recommendations'] {
  const longest = Math.max(windowMs(behavior?.scaleUp, 0), windowMs(behavior?.scaleDown, downWindowMs))
  return [...recommendations.filter(({ at }) => at >= now - longest), { replicas, at: now }]
}

const windowMs = (rules: ScalingRules | undefined, otherwise: number): number =>
  rules?.stabilizationWindowSeconds === undefined ? otherwise : rules.stabilizationWindowSeconds * 1000

/** The highest of the recent recommendations. */
const stabilizeDown = ({ desired }: Wish, { recommendations }: History, downWindowMs: number, now: Instant): number =>
  Math.max(desired, ...recommendations.filter(({ at }) => at >= now - downWindowMs).map(({ replicas }) => replicas))

/** Up at most to the lowest recent one, down at most to the highest. */
function stabilizeBoth(
  { current, desired }: Wish,
  behavior: NonNullable<Behavior>,
  { recommendations }: History,
  downWindowMs: number,
  now: Instant,
): number {
  const since = (ms: number): readonly number[] =>
    recommendations.filter(({ at }) => at > now - ms).map(({ replicas }) => replicas)
  const up = Math.min(desired, ...since(windowMs(behavior.scaleUp, 0)))
  const down = Math.max(desired, ...since(windowMs(behavior.scaleDown, downWindowMs)))
  return Math.min(Math.max(current, up), down)
}

interface Limited {
  readonly replicas: number
  readonly reason: string
  readonly message: string
}

/** Upstream's rule from before there was `behavior`: at most twice as many at once, or four. */
export function limitByDefault({ current, desired, min, max }: Wish): Limited {
  const rate = Math.max(2 * current, 4)
  if (desired < min) return { replicas: min, ...TOO_FEW }
  if (max > rate && desired > rate) return { replicas: rate, ...UP_LIMIT }
  return desired > max ? { replicas: max, ...TOO_MANY } : { replicas: desired, ...WITHIN }
}

function limitByRates(wish: Wish, behavior: NonNullable<Behavior>, history: History, now: Instant): Limited {
  const { current, desired, min, max } = wish
  if (desired > current) {
    const rate = Math.max(current, upLimit(current, history, behavior.scaleUp, now))
    const most = Math.min(max, rate)
    return desired > most ? { replicas: most, ...(max > rate ? UP_LIMIT : TOO_MANY) } : { replicas: desired, ...WITHIN }
  }
  if (desired < current) {
    const rate = Math.min(current, downLimit(current, history, behavior.scaleDown, now))
    const least = Math.max(min, rate)
    return desired < least
      ? { replicas: least, ...(min < rate ? DOWN_LIMIT : TOO_FEW) }
      : { replicas: desired, ...WITHIN }
  }
  return { replicas: desired, ...WITHIN }
}

/** How many there may be at most, counted from how many there were when each policy's period began. */
export function upLimit(current: number, history: History, rules: ScalingRules | undefined, now: Instant): number {
  if (rules?.selectPolicy === 'Disabled') return current
  const proposals = (rules?.policies ?? []).map(({ type, value, periodSeconds }) => {
    const start = current - changed(history.ups, periodSeconds, now) + changed(history.downs, periodSeconds, now)
    // Rounded up, or a small percentage would never add one.
    return type === 'Pods' ? start + value : Math.ceil(start * (1 + value / 100))
  })
  return rules?.selectPolicy === 'Min' ? Math.min(...proposals) : Math.max(...proposals)
}

export function downLimit(current: number, history: History, rules: ScalingRules | undefined, now: Instant): number {
  if (rules?.selectPolicy === 'Disabled') return current
  const proposals = (rules?.policies ?? []).map(({ type, value, periodSeconds }) => {
    const start = current - changed(history.ups, periodSeconds, now) + changed(history.downs, periodSeconds, now)
    return type === 'Pods' ? start - value : Math.trunc(start * (1 - value / 100))
  })
  return rules?.selectPolicy === 'Min' ? Math.max(...proposals) : Math.min(...proposals)
}

const changed = (events: readonly ScaleEvent[], periodSeconds: number, now: Instant): number =>
  events.reduce((sum, { change, at }) => (at > now - periodSeconds * 1000 ? sum + change : sum), 0)

/** Without `behavior` nobody asks how much was changed. */
export function withScaleEvent(history: History, behavior: Behavior, from: number, to: number, now: Instant): History {
  if (!behavior) return history
  const since = (events: readonly ScaleEvent[], rules: ScalingRules | undefined): readonly ScaleEvent[] => {
    const longest = Math.max(0, ...(rules?.policies ?? []).map(({ periodSeconds }) => periodSeconds))
    return [...events.filter(({ at }) => at >= now - longest * 1000), { change: Math.abs(to - from), at: now }]
  }
  return to > from
    ? { ...history, ups: since(history.ups, behavior.scaleUp) }
    : { ...history, downs: since(history.downs, behavior.scaleDown) }
}
