/** Parts of times and durations, in any time zone. */
import { method, type Overload } from '../functions.ts'
import { CelError, type Duration, type Timestamp } from '../values.ts'

type Part = (date: Date, nanos: bigint) => number
const PARTS: Readonly<Record<string, Part>> = {
  getFullYear: date => date.getUTCFullYear(),
  getMonth: date => date.getUTCMonth(),
  getDate: date => date.getUTCDate(),
  getDayOfMonth: date => date.getUTCDate() - 1,
  getDayOfWeek: date => date.getUTCDay(),
  getDayOfYear: date => Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / 86_400_000),
  getHours: date => date.getUTCHours(),
  getMinutes: date => date.getUTCMinutes(),
  getSeconds: date => date.getUTCSeconds(),
  getMilliseconds: date => date.getUTCMilliseconds(),
}

const partOf = (part: Part, { nanos }: Timestamp, zone = 'UTC'): bigint =>
  BigInt(part(new Date(Number(nanos / 1_000_000n) + zoneOffset(zone, nanos)), nanos))

function zoneOffset(zone: string, nanos: bigint): number {
  const [, sign, hours, minutes] = /^([+-]?)(\d\d):(\d\d)$/.exec(zone) ?? []
  if (hours) return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000
  if (zone === 'UTC' || zone === '') return 0
  const millis = Number(nanos / 1_000_000n)
  try {
    const there = new Date(millis).toLocaleString('sv-SE', { timeZone: zone })
    return Date.parse(`${there.replace(' ', 'T')}Z`) - Math.floor(millis / 1000) * 1000
  } catch {
    throw new CelError(`unknown time zone ${zone}`)
  }
}

export const TIMES: readonly Overload[] = [
  ...Object.entries(PARTS).flatMap(([name, part]) => [
    method(name, 'timestamp', [], 'int', (t: Timestamp) => partOf(part, t)),
    method(name, 'timestamp', ['string'], 'int', (t: Timestamp, zone: string) => partOf(part, t, zone)),
  ]),
  method('getHours', 'duration', [], 'int', (d: Duration) => d.nanos / 3_600_000_000_000n),
  method('getMinutes', 'duration', [], 'int', (d: Duration) => d.nanos / 60_000_000_000n),
  method('getSeconds', 'duration', [], 'int', (d: Duration) => d.nanos / 1_000_000_000n),
  method('getMilliseconds', 'duration', [], 'int', (d: Duration) => (d.nanos / 1_000_000n) % 1000n),
]
