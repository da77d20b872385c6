/** Local time and back, in any time zone of the IANA database that this Node knows. */
import type { Instant } from './clock.ts'

export interface LocalTime {
  readonly year: number
  /** From 1. */
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
  /** From 0, Sunday. */
  readonly weekday: number
}

export interface TimeZone {
  /** What is added to UTC at that time. */
  offsetMs(at: Instant): number
  local(at: Instant): LocalTime
  /**
   * Fields beyond their range carry over. Of a time that comes twice or not at all it gives one that is right in one of the two
   * offsets, as Go's time.Date.
   */
  instant(local: Omit<LocalTime, 'weekday'>): Instant
}

const known = new Map<string, TimeZone>()

/** The machine's own zone without a name. Throws a RangeError for a name that nobody knows. */
export function timeZoneOf(name?: string): TimeZone {
  const key = name ?? ''
  const made = known.get(key) ?? create(new Intl.DateTimeFormat('en-US', { ...FORMAT, timeZone: name }))
  known.set(key, made)
  return made
}

const FORMAT = {
  calendar: 'gregory',
  numberingSystem: 'latn',
  hourCycle: 'h23',
  year: 'numeric',
  month: 'numeric',
  day: 'numeric',
  hour: 'numeric',
  minute: 'numeric',
  second: 'numeric',
} as const

/** Clocks change at full quarters of an hour. */
const QUARTER_MS = 900_000

function create(format: Intl.DateTimeFormat): TimeZone {
  /** Asking Intl takes microseconds, and neighbours ask again and again. */
  let asked = { quarter: Number.NaN, offset: 0 }
  function offsetMs(at: Instant): number {
    const quarter = Math.floor(at / QUARTER_MS)
    if (quarter !== asked.quarter) asked = { quarter, offset: askedOffsetMs(at) }
    return asked.offset
  }
  function askedOffsetMs(at: Instant): number {
    const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]))
    const part = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0
    const utc = Date.UTC(
      ...([part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second')] as const),
    )
    return utc - Math.floor(at / 1000) * 1000
  }
  return {
    offsetMs,
    local(at) {
      const shifted = new Date(at + offsetMs(at))
      return {
        year: shifted.getUTCFullYear(),
        month: shifted.getUTCMonth() + 1,
        day: shifted.getUTCDate(),
        hour: shifted.getUTCHours(),
        minute: shifted.getUTCMinutes(),
        second: shifted.getUTCSeconds(),
        weekday: shifted.getUTCDay(),
      }
    },
    instant({ year, month, day, hour, minute, second }) {
      const utc = Date.UTC(year, month - 1, day, hour, minute, second)
      return utc - offsetMs(utc - offsetMs(utc))
    },
  }
}
