/** Which start of a CronJob is due, and when to look again (pkg/controller/cronjob/utils.go). */
import { formatTime, type Instant } from '../../../base/clock.ts'
import { timeZoneOf } from '../../../base/time-zone.ts'
import type { CronSchedule } from '../../../kube/cron-schedule.ts'
import type { CronJob } from '../../../kube/workloads.ts'

export interface DueTime {
  /** From where missed starts are counted. */
  readonly earliest: Instant
  readonly mostRecent?: Instant
  readonly missed: 'none' | 'few' | 'many'
}

/** Upstream's fault for a schedule that is never due, such as February 31st. */
export const NEVER_DUE = 'time difference between two schedules is less than 1 second'

/** Beyond so many missed starts something is wrong, and the CronJob says so. */
const MANY = 100
/** Clocks of several machines differ: look a little later than the start. */
const PADDING_MS = 100

/** The latest start between the last one and now; undefined for a schedule that is never due. Without a list of all that were missed. */
export function dueTime(
  { metadata, spec, status }: CronJob,
  now: Instant,
  schedule: CronSchedule,
  heedsDeadline: boolean,
): DueTime | undefined {
  const { startingDeadlineSeconds: deadline } = spec
  const last = Date.parse(status?.lastScheduleTime ?? metadata.creationTimestamp ?? '') || 0
  const earliest = heedsDeadline && deadline !== undefined ? Math.max(last, now - deadline * 1000) : last
  const first = schedule.next(earliest)
  const second = first === undefined ? undefined : schedule.next(first)
  if (first === undefined || second === undefined) return undefined
  if (now < first) return { earliest, missed: 'none' }
  if (now < second) return { earliest, mostRecent: first, missed: 'none' }
  const stepMs = second - first
  if (stepMs < 1000) return undefined
  const numMissed = Math.floor((now - first) / stepMs) + 1
  const missed = numMissed > MANY ? 'many' : 'few'
  const mostRecent = lastBefore(schedule, first + (numMissed - 2) * stepMs, now)
  return mostRecent === undefined ? { earliest, missed } : { earliest, mostRecent, missed }
}

/** Regular schedules need one or two steps from there; others a few more. */
function lastBefore(schedule: CronSchedule, from: Instant, now: Instant): Instant | undefined {
  let last: Instant | undefined
  for (let at = schedule.next(from); at !== undefined && at <= now; at = schedule.next(at)) last = at
  return last
}

/** Until shortly after the next start. */
export function untilNextMs(cronJob: CronJob, now: Instant, schedule: CronSchedule): number {
  const due = dueTime(cronJob, now, schedule, false)
  const from = due && (due.mostRecent ?? (due.missed === 'none' ? due.earliest : now))
  return (schedule.next(from ?? now) ?? now) + PADDING_MS - now
}

/** RFC 3339 in the CronJob's time zone, as its Jobs are annotated. */
export function formatIn(at: Instant, zone: string | undefined): string {
  const offsetMs = zone === undefined ? 0 : timeZoneOf(zone).offsetMs(at)
  if (offsetMs === 0) return formatTime(at)
  const minutes = Math.abs(offsetMs) / 60_000
  const two = (number: number): string => String(Math.floor(number)).padStart(2, '0')
  const sign = offsetMs < 0 ? '-' : '+'
  return `${formatTime(at + offsetMs).slice(0, -1)}${sign}${two(minutes / 60)}:${two(minutes % 60)}`
}
