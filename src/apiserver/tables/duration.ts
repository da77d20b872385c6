/** How long something took, as kubectl shows it: two units at most, coarser the longer it is (apimachinery's util/duration). */

const SECOND = 1
const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const YEAR = 365 * DAY

/** Below `under` seconds: the count of `unit`, and what is left over in `rest` where that is shown too. */
const STEPS: readonly { under: number; unit: [number, string]; rest?: [number, string] }[] = [
  { under: 2 * MINUTE, unit: [SECOND, 's'] },
  { under: 10 * MINUTE, unit: [MINUTE, 'm'], rest: [SECOND, 's'] },
  { under: 3 * HOUR, unit: [MINUTE, 'm'] },
  { under: 8 * HOUR, unit: [HOUR, 'h'], rest: [MINUTE, 'm'] },
  { under: 2 * DAY, unit: [HOUR, 'h'] },
  { under: 8 * DAY, unit: [DAY, 'd'], rest: [HOUR, 'h'] },
  { under: 2 * YEAR, unit: [DAY, 'd'] },
  { under: 8 * YEAR, unit: [YEAR, 'y'], rest: [DAY, 'd'] },
  { under: Number.POSITIVE_INFINITY, unit: [YEAR, 'y'] },
]

export function humanDuration(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000)
  // A second of disagreement between clocks is not worth a remark.
  if (seconds < -1) return '<invalid>'
  if (seconds < 0) return '0s'
  const step = STEPS.find(({ under }) => seconds < under) ?? STEPS[0]!
  const [size, name] = step.unit
  const whole = `${Math.floor(seconds / size)}${name}`
  const left = step.rest ? Math.floor((seconds % size) / step.rest[0]) : 0
  return left === 0 || !step.rest ? whole : `${whole}${left}${step.rest[1]}`
}

/** Time since a timestamp, or `<unknown>` where there is none. */
export function since(timestamp: string | null | undefined, now: number): string {
  const at = Date.parse(timestamp ?? '')
  return Number.isNaN(at) ? '<unknown>' : humanDuration(now - at)
}
