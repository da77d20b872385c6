/** From one type to another, and what overflows on the way. */
import { weight } from '../access.ts'
import { fn, type Overload } from '../functions.ts'
import { formatRfc3339, formatSeconds, parseDuration, parseTimestamp } from '../time.ts'
import { CelError, type CelValue, Duration, Timestamp, TypeValue, typeName, Uint } from '../values.ts'

const MAX_INT = 2n ** 63n - 1n
const MIN_INT = -(2n ** 63n)
const MAX_UINT = 2n ** 64n - 1n

export function int(value: bigint): bigint {
  if (value > MAX_INT || value < MIN_INT) throw new CelError('integer overflow')
  return value
}

export function uint(value: bigint): Uint {
  if (value > MAX_UINT || value < 0n) throw new CelError('unsigned integer overflow')
  return new Uint(value)
}

const MIN_TIME = -62135596800n * 1_000_000_000n
const MAX_TIME = 253402300800n * 1_000_000_000n
export function time(nanos: bigint): Timestamp {
  if (nanos < MIN_TIME || nanos >= MAX_TIME) throw new CelError('timestamp overflow')
  return new Timestamp(nanos)
}

const failed = (text: string, to: string): CelError => new CelError(`type conversion error from '${text}' to '${to}'`)

function fromDouble(value: number): bigint {
  if (!Number.isFinite(value) || Math.abs(value) >= 2 ** 63) throw new CelError('integer overflow')
  return BigInt(Math.trunc(value))
}

function parseInteger(text: string): bigint {
  if (!/^[+-]?\d+$/.test(text) || text.length > 64) throw failed('string', 'int')
  return int(BigInt(text.replace(/^\+/, '')))
}

function parseDouble(text: string): number {
  const isNumber = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text)
  if (isNumber) return Number(text)
  if (/^[+-]?inf(inity)?$/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity
  if (/^nan$/i.test(text)) return Number.NaN
  throw failed('string', 'double')
}

const TRUE = new Set(['1', 't', 'T', 'true', 'TRUE', 'True'])
const FALSE = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False'])
function parseBool(text: string): boolean {
  if (TRUE.has(text)) return true
  if (FALSE.has(text)) return false
  throw failed('string', 'bool')
}

function parsed<T>(value: T | undefined, to: string): T {
  if (value === undefined) throw failed('string', to)
  return value
}

export function formatDouble(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  return String(value).replace(/e([+-])(\d)$/, 'e$10$2')
}

export const CONVERSIONS: readonly Overload[] = [
  fn('int', ['int'], 'int', (a: bigint) => a),
  fn('int', ['uint'], 'int', (a: Uint) => int(a.value)),
  fn('int', ['double'], 'int', fromDouble),
  fn('int', ['string'], 'int', parseInteger),
  fn('int', ['timestamp'], 'int', (a: Timestamp) => a.nanos / 1_000_000_000n),
  fn('int', ['duration'], 'int', (a: Duration) => a.nanos),
  fn('uint', ['uint'], 'uint', (a: Uint) => a),
  fn('uint', ['int'], 'uint', uint),
  fn('uint', ['double'], 'uint', (a: number) => uint(fromDouble(a))),
  fn('uint', ['string'], 'uint', (a: string) => uint(parseInteger(a))),
  fn('double', ['double'], 'double', (a: number) => a),
  fn('double', ['int'], 'double', (a: bigint) => Number(a)),
  fn('double', ['uint'], 'double', (a: Uint) => Number(a.value)),
  fn('double', ['string'], 'double', parseDouble),
  fn('bool', ['bool'], 'bool', (a: boolean) => a),
  fn('bool', ['string'], 'bool', parseBool),
  fn('string', ['string'], 'string', (a: string) => a),
  fn('string', ['int'], 'string', (a: bigint) => String(a)),
  fn('string', ['uint'], 'string', (a: Uint) => String(a.value)),
  fn('string', ['double'], 'string', formatDouble),
  fn('string', ['bool'], 'string', (a: boolean) => String(a)),
  fn('string', ['bytes'], 'string', (a: Uint8Array) => Buffer.from(a).toString('utf8'), weight),
  fn('string', ['timestamp'], 'string', (a: Timestamp) => formatRfc3339(a.nanos)),
  fn('string', ['duration'], 'string', (a: Duration) => formatSeconds(a.nanos)),
  fn('bytes', ['bytes'], 'bytes', (a: Uint8Array) => a),
  fn('bytes', ['string'], 'bytes', (a: string) => new Uint8Array(Buffer.from(a)), weight),
  fn('timestamp', ['timestamp'], 'timestamp', (a: Timestamp) => a),
  fn('timestamp', ['int'], 'timestamp', (a: bigint) => time(a * 1_000_000_000n)),
  fn('timestamp', ['string'], 'timestamp', (a: string) => time(parsed(parseTimestamp(a), 'timestamp'))),
  fn('duration', ['duration'], 'duration', (a: Duration) => a),
  fn('duration', ['int'], 'duration', (a: bigint) => new Duration(a)),
  fn('duration', ['string'], 'duration', (a: string) => new Duration(parsed(parseDuration(a), 'duration'))),
  fn('dyn', ['A'], 'dyn', (a: CelValue) => a),
  fn('type', ['A'], 'type<A>', (a: CelValue) => new TypeValue(typeName(a))),
]
