/** Reading and setting the conditions of a status (apimachinery's api/meta/conditions.go). */
import { formatTime, type Instant } from '../../base/clock.ts'
import type { Condition, KubeObject } from '../../kube/object.ts'

type WithConditions = KubeObject & { readonly status?: { readonly conditions?: readonly Condition[] } }

export const conditionOf = (object: WithConditions | undefined, type: string): Condition | undefined =>
  object?.status?.conditions?.find(condition => condition.type === type)

export const isTrue = (object: WithConditions | undefined, type: string): boolean =>
  conditionOf(object, type)?.status === 'True'

/** The conditions with this one in it; `lastTransitionTime` moves only when the status does. The same list when nothing changes. */
export function withCondition(
  conditions: readonly Condition[] | undefined,
  wanted: Pick<Condition, 'type' | 'status' | 'reason' | 'message' | 'observedGeneration'>,
  now: Instant,
): readonly Condition[] {
  const before = conditions?.find(({ type }) => type === wanted.type)
  if (before && isHeld(before, wanted)) return conditions!
  const stays = before?.status === wanted.status && before.lastTransitionTime
  const next = { ...before, ...wanted, lastTransitionTime: stays || formatTime(now) }
  return before ? conditions!.map(each => (each === before ? next : each)) : [...(conditions ?? []), next]
}

const isHeld = (before: Condition, wanted: Partial<Condition>): boolean =>
  Object.entries(wanted).every(([field, value]) => before[field as keyof Condition] === value)
