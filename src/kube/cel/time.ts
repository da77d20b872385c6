/** Times as Go writes them: RFC 3339 with nanoseconds, durations as `1h30m`. Nanoseconds as bigints. */

const RFC3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9})\d*)?([Zz]|[+-]\d\d:\d\d)$/
const DATE = /^\d{4}-\d\d-\d\d$/

/** Undefined for what is no time. A day alone is its beginning. */
export function parseTimestamp(text: string): bigint | undefined {
  if (DATE.test(text)) return parseTimestamp(`${text}T00:00:00Z`)
  const [, year, month, day, hour, minute, second, fraction = '', zone = ''] = RFC3339.exec(text) ?? []
  if (year === undefined) return undefined
  const millis = Date.UTC(+year, Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second))
  const back = new Date(millis)
  if (back.getUTCMonth() !== Number(month) - 1 || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) {
    return undefined
  }
  return BigInt(millis) * 1_000_000n + BigInt(fraction.padEnd(9, '0')) - offsetMinutes(zone) * 60_000_000_000n
}

function offsetMinutes(zone: string): bigint {
  if (zone === 'Z' || zone === 'z') return 0n
  const minutes = BigInt(zone.slice(1, 3)) * 60n + BigInt(zone.slice(4, 6))
  return zone.startsWith('-') ? -minutes : minutes
}

export function formatRfc3339(nanos: bigint): string {
  const within = ((nanos % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n
  const seconds = new Date(Number((nanos - within) / 1_000_000n)).toISOString().slice(0, 19)
  const fraction = within === 0n ? '' : `.${within.toString().padStart(9, '0').replace(/0+$/, '')}`
  return `${seconds}${fraction}Z`
}

const UNITS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
}
const DURATION = /^[+-]?(?:0|(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/
const PART = /(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)/g
const MAX = 2n ** 63n - 1n

/** Go's time.ParseDuration. */
export function parseDuration(text: string): bigint | undefined {
  if (text.length > 200 || !DURATION.test(text)) return undefined
  let nanos = 0n
  for (const [, whole = '', fraction = '', unit = ''] of text.matchAll(PART)) {
    const size = UNITS[unit] ?? 0n
    nanos += BigInt(whole || '0') * size + (fraction ? (BigInt(fraction) * size) / 10n ** BigInt(fraction.length) : 0n)
  }
  if (nanos > MAX) return undefined
  return text.startsWith('-') ? -nanos : nanos
}

/** CEL's string of a duration: seconds. */
export function formatSeconds(nanos: bigint): string {
  const sign = nanos < 0n ? '-' : ''
  const magnitude = nanos < 0n ? -nanos : nanos
  const fraction = (magnitude % 1_000_000_000n).toString().padStart(9, '0').replace(/0+$/, '')
  return `${sign}${magnitude / 1_000_000_000n}${fraction && `.${fraction}`}s`
}
