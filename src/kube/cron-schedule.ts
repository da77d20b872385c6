/**
 * When a cron schedule is due, with the meaning of github.com/robfig/cron v3, which Kubernetes reads CronJobs with: five fields or a
 * descriptor, names, `?`, steps, and its way over a clock that is put forward or back. Checked against it case by case
 * (testdata/cron-schedule.json, made by test/upstream/cron/main.go).
 */
import type { Instant } from '../base/clock.ts'
import { type LocalTime, type TimeZone, timeZoneOf } from '../base/time-zone.ts'
import { parseDuration } from './cel/time.ts'

export interface CronSchedule {
  /** The first time after `instant`; undefined if there is none within five years. */
  next(instant: Instant): Instant | undefined
}

export type ParsedSchedule =
  | { readonly kind: 'schedule'; readonly schedule: CronSchedule }
  | { readonly kind: 'invalid'; readonly message: string }

interface Field {
  readonly min: number
  readonly max: number
  readonly names?: readonly string[]
}

const NAMES_OF_MONTHS = ['', 'jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const NAMES_OF_DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const FIELDS = [
  { min: 0, max: 59 },
  { min: 0, max: 23 },
  { min: 1, max: 31 },
  { min: 1, max: 12, names: NAMES_OF_MONTHS },
  { min: 0, max: 6, names: NAMES_OF_DAYS },
] as const satisfies readonly Field[]

const DESCRIPTORS: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
}

/** `timeZone`: an IANA name; the machine's own where it is absent. A zone in the text itself goes first, as in robfig/cron. */
export function parseCronSchedule(text: string, timeZone?: string): ParsedSchedule {
  try {
    const [, zone, rest] = /^(?:CRON_)?TZ=(\S*) +(.*)$/s.exec(text) ?? [undefined, timeZone, text]
    return { kind: 'schedule', schedule: scheduleOf(rest?.trim() ?? '', timeZoneOf(zone)) }
  } catch (error) {
    return { kind: 'invalid', message: (error as Error).message }
  }
}

function scheduleOf(text: string, zone: TimeZone): CronSchedule {
  if (text === '') throw new Error('empty spec string')
  if (text.startsWith('@every ')) return every(text)
  const known = DESCRIPTORS[text]
  if (known === undefined && text.startsWith('@')) throw new Error(`unrecognized descriptor: ${text}`)
  const words = (known ?? text).split(/\s+/).filter(word => word !== '')
  if (words.length !== 5) {
    throw new Error(`expected exactly 5 fields, found ${words.length}: [${words.join(' ')}]`)
  }
  const [minute, hour, dayOfMonth, month, dayOfWeek] = FIELDS.map((field, i) => parseField(words[i] ?? '', field))
  return fields({ minute, hour, dayOfMonth, month, dayOfWeek } as Matchers, zone)
}

/** Durations under a second are one, and fractions of a second are cut off. */
function every(text: string): CronSchedule {
  const nanoseconds = parseDuration(text.slice('@every '.length))
  if (nanoseconds === undefined) throw new Error(`failed to parse duration ${text}`)
  const step = Math.max(1, Number(nanoseconds / 1_000_000_000n)) * 1000
  return { next: instant => instant - (instant % 1000) + step }
}

interface Matcher {
  readonly has: ReadonlySet<number>
  /** `*` or `?`: restricts nothing, so that the other of the two days decides alone. */
  readonly isStar: boolean
}
type Matchers = Readonly<Record<'minute' | 'hour' | 'dayOfMonth' | 'month' | 'dayOfWeek', Matcher>>

function parseField(text: string, field: Field): Matcher {
  const ranges = text
    .split(',')
    .filter(each => each !== '')
    .map(each => parseRange(each, field))
  return {
    has: new Set(ranges.flatMap(({ first, last, step }) => numbers(first, last, step))),
    isStar: ranges.some(range => range.isStar),
  }
}

function parseRange(text: string, { min, max, names }: Field) {
  const [range = '', stepText, ...moreSteps] = text.split('/')
  const [low = '', high, ...moreBounds] = range.split('-')
  const isStar = low === '*' || low === '?'
  if (!isStar && moreBounds.length > 0) throw new Error(`too many hyphens: ${text}`)
  const first = isStar ? min : parseNumber(low, names)
  const upTo = isStar ? max : high === undefined ? first : parseNumber(high, names)
  if (moreSteps.length > 0) throw new Error(`too many slashes: ${text}`)
  const step = stepText === undefined ? 1 : parseNumber(stepText)
  // `N/step` means from N to the end.
  const last = stepText !== undefined && high === undefined ? max : upTo
  if (first < min) throw new Error(`beginning of range (${first}) below minimum (${min}): ${text}`)
  if (last > max) throw new Error(`end of range (${last}) above maximum (${max}): ${text}`)
  if (first > last) throw new Error(`beginning of range (${first}) beyond end of range (${last}): ${text}`)
  if (step === 0) throw new Error(`step of range should be a positive number: ${text}`)
  return { first, last, step, isStar: isStar && step === 1 }
}

function parseNumber(text: string, names?: readonly string[]): number {
  const named = text === '' ? -1 : (names?.indexOf(text.toLowerCase()) ?? -1)
  if (named >= 0) return named
  if (!/^[+-]?\d+$/.test(text)) {
    throw new Error(`failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`)
  }
  const number = Number(text)
  if (number < 0) throw new Error(`negative number (${number}) not allowed: ${text}`)
  return number
}

const numbers = (first: number, last: number, step: number): readonly number[] =>
  Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, i) => first + i * step)

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/** Goes from the largest field to the smallest; what wraps around starts again from the largest. */
function fields(matchers: Matchers, zone: TimeZone): CronSchedule {
  const steps = [toMonth, toDay, toHour, toMinute, toSecond]
  return {
    next(instant) {
      const state = { at: instant - (instant % SECOND) + SECOND, isMoved: false, zone, matchers }
      const lastYear = zone.local(state.at).year + 5
      while (zone.local(state.at).year <= lastYear) {
        if (steps.every(step => step(state))) return state.at
      }
      return undefined
    },
  }
}

interface State {
  at: Instant
  /** From the first step on a time is a full one of its field: what was below it is gone. */
  isMoved: boolean
  readonly zone: TimeZone
  readonly matchers: Matchers
}

/** False: wrapped around, begin again. */
function toMonth(state: State): boolean {
  const { zone, matchers } = state
  for (let now = zone.local(state.at); !matchers.month.has.has(now.month); now = zone.local(state.at)) {
    const start = state.isMoved ? now : startOf(zone, { ...now, day: 1 })
    state.isMoved = true
    state.at = zone.instant({ ...start, month: start.month + 1 })
    if (zone.local(state.at).month === 1) return false
  }
  return true
}

function toDay(state: State): boolean {
  const { zone } = state
  for (let now = zone.local(state.at); !isDay(state.matchers, now); now = zone.local(state.at)) {
    const start = state.isMoved ? now : startOf(zone, now)
    state.isMoved = true
    state.at = zone.instant({ ...start, day: start.day + 1 })
    // Where midnight does not exist the hour is 1, or 23 of the day before.
    const { hour } = zone.local(state.at)
    if (hour !== 0) state.at += (hour > 12 ? 24 - hour : -hour) * HOUR
    if (zone.local(state.at).day === 1) return false
  }
  return true
}

function toHour(state: State): boolean {
  const { zone, matchers } = state
  for (let now = zone.local(state.at); !matchers.hour.has.has(now.hour); now = zone.local(state.at)) {
    if (!state.isMoved) state.at = zone.instant({ ...now, minute: 0, second: 0 })
    state.isMoved = true
    state.at += HOUR
    if (zone.local(state.at).hour === 0) return false
  }
  return true
}

function toMinute(state: State): boolean {
  const { zone, matchers } = state
  for (let now = zone.local(state.at); !matchers.minute.has.has(now.minute); now = zone.local(state.at)) {
    if (!state.isMoved) state.at -= state.at % MINUTE
    state.isMoved = true
    state.at += MINUTE
    if (zone.local(state.at).minute === 0) return false
  }
  return true
}

/** A schedule is due at full minutes. */
function toSecond(state: State): boolean {
  const { second } = state.zone.local(state.at)
  if (second === 0) return true
  state.isMoved = true
  state.at += MINUTE - second * SECOND
  return false
}

/** The first time of a day; not midnight where the clock is put forward at midnight. */
const startOf = (zone: TimeZone, day: LocalTime): LocalTime =>
  zone.local(zone.instant({ ...day, hour: 0, minute: 0, second: 0 }))

/** Both days must match if one of them restricts nothing; else either will do. */
function isDay({ dayOfMonth, dayOfWeek }: Matchers, { day, weekday }: LocalTime): boolean {
  const [isOfMonth, isOfWeek] = [dayOfMonth.has.has(day), dayOfWeek.has.has(weekday)]
  return dayOfMonth.isStar || dayOfWeek.isStar ? isOfMonth && isOfWeek : isOfMonth || isOfWeek
}
