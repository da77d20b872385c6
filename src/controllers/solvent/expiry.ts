/** A finished declaration goes, with all that it made, when its time to live is over. */
import type { Instant } from '../../base/clock.ts'
import type { KubeObject } from '../../kube/object.ts'
import { type Action, remove, wake } from '../runtime/action.ts'

export function expiry(
  object: KubeObject,
  ttlSeconds: number | undefined,
  completionTime: string | undefined,
  now: Instant,
): readonly Action[] {
  if (ttlSeconds === undefined || object.metadata.deletionTimestamp) return []
  const leftMs = (Date.parse(completionTime ?? '') || now) + ttlSeconds * 1000 - now
  return [leftMs > 0 ? wake(leftMs) : remove(object)]
}
