/** Events as rows, as `kubectl events` and the end of `kubectl describe` have them. */
import type { Instant } from '../../base/clock.ts'
import { formatAge } from '../../base/units.ts'
import type { Event } from '../../kube/core.ts'

/** When it last happened: newer servers fill `series` or only `eventTime`. */
export function lastSeen(event: Event): Instant {
  const series = (event as { readonly series?: { readonly lastObservedTime?: string } }).series
  const text =
    series?.lastObservedTime ??
    event.lastTimestamp ??
    event.eventTime ??
    event.firstTimestamp ??
    event.metadata.creationTimestamp
  return text ? Date.parse(text) : 0
}

export const byTime = (events: readonly Event[]): readonly Event[] =>
  [...events].sort((a, b) => lastSeen(a) - lastSeen(b))

export const EVENT_TITLES = ['LAST SEEN', 'TYPE', 'REASON', 'OBJECT', 'MESSAGE'] as const

export function eventRow(event: Event, now: Instant): readonly string[] {
  const { kind, name } = event.involvedObject
  return [age(event, now), event.type ?? '', event.reason ?? '', `${kind}/${name}`, (event.message ?? '').trim()]
}

/** Without the object, which the reader knows. */
export const describedEventRow = (event: Event, now: Instant): readonly string[] => [
  event.type ?? '',
  event.reason ?? '',
  age(event, now),
  event.source?.component ?? event.reportingComponent ?? '',
  (event.message ?? '').trim(),
]

/** `12s`, or `12s (x4 over 3m)` for what happened often. */
function age(event: Event, now: Instant): string {
  const seconds = (instant: Instant): string => formatAge((now - instant) / 1000)
  const count = event.count ?? 1
  if (count <= 1) return seconds(lastSeen(event))
  const first = Date.parse(event.firstTimestamp ?? event.metadata.creationTimestamp ?? '')
  return `${seconds(lastSeen(event))} (x${count} over ${seconds(first)})`
}
