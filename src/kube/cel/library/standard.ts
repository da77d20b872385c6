/** CEL's standard functions: arithmetic with overflow, comparison across number types, conversions, sizes, text, times. */

import { compilePattern } from '../../schema-pattern.ts'
import { weight } from '../access.ts'
import { compareValues, equals } from '../compare.ts'
import { fn, method, type Overload } from '../functions.ts'
import { CelError, CelList, type CelMap, type CelValue, Duration, type Timestamp, type Uint } from '../values.ts'
import { CONVERSIONS, int, time, uint } from './conversions.ts'
import { TIMES } from './times.ts'

const nonZero = (divisor: bigint, why: string): bigint => {
  if (divisor === 0n) throw new CelError(why)
  return divisor
}

type Arithmetic = (a: bigint, b: bigint) => bigint
const onInts = (name: string, f: Arithmetic): readonly Overload[] => [
  fn(name, ['int', 'int'], 'int', (a: bigint, b: bigint) => int(f(a, b))),
  fn(name, ['uint', 'uint'], 'uint', (a: Uint, b: Uint) => uint(f(a.value, b.value))),
]
const onDoubles = (name: string, f: (a: number, b: number) => number): Overload =>
  fn(name, ['double', 'double'], 'double', f)

const ARITHMETIC: readonly Overload[] = [
  ...onInts('_+_', (a, b) => a + b),
  ...onInts('_-_', (a, b) => a - b),
  ...onInts('_*_', (a, b) => a * b),
  ...onInts('_/_', (a, b) => a / nonZero(b, 'division by zero')),
  ...onInts('_%_', (a, b) => a % nonZero(b, 'modulus by zero')),
  onDoubles('_+_', (a, b) => a + b),
  onDoubles('_-_', (a, b) => a - b),
  onDoubles('_*_', (a, b) => a * b),
  onDoubles('_/_', (a, b) => a / b),
  fn('-_', ['int'], 'int', (a: bigint) => int(-a)),
  fn('-_', ['double'], 'double', (a: number) => -a),
  fn('!_', ['bool'], 'bool', (a: boolean) => !a),
  fn(
    '_+_',
    ['string', 'string'],
    'string',
    (a: string, b: string) => a + b,
    (a, b) => weight(a) + weight(b),
  ),
  fn(
    '_+_',
    ['bytes', 'bytes'],
    'bytes',
    (a: Uint8Array, b: Uint8Array) => new Uint8Array(Buffer.concat([a, b])),
    (a, b) => weight(a) + weight(b),
  ),
  fn(
    '_+_',
    ['list<A>', 'list<A>'],
    'list<A>',
    (a: CelList, b: CelList) => new CelList([...a, ...b]),
    (a, b) => weight(a) + weight(b),
  ),
  fn('_+_', ['timestamp', 'duration'], 'timestamp', (a: Timestamp, b: Duration) => time(a.nanos + b.nanos)),
  fn('_+_', ['duration', 'timestamp'], 'timestamp', (a: Duration, b: Timestamp) => time(a.nanos + b.nanos)),
  fn('_+_', ['duration', 'duration'], 'duration', (a: Duration, b: Duration) => new Duration(int(a.nanos + b.nanos))),
  fn(
    '_-_',
    ['timestamp', 'timestamp'],
    'duration',
    (a: Timestamp, b: Timestamp) => new Duration(int(a.nanos - b.nanos)),
  ),
  fn('_-_', ['timestamp', 'duration'], 'timestamp', (a: Timestamp, b: Duration) => time(a.nanos - b.nanos)),
  fn('_-_', ['duration', 'duration'], 'duration', (a: Duration, b: Duration) => new Duration(int(a.nanos - b.nanos))),
]

const NUMBERS = ['int', 'uint', 'double']
const ORDERED = ['bool', 'string', 'bytes', 'timestamp', 'duration']

const comparisons = (name: string, holds: (order: number) => boolean): readonly Overload[] => {
  const call = (a: CelValue, b: CelValue): boolean => holds(compareValues(a, b))
  const cost = (a: CelValue, b: CelValue): number => Math.min(weight(a), weight(b))
  return [
    ...ORDERED.map(type => fn(name, [type, type], 'bool', call as never, cost)),
    ...NUMBERS.flatMap(a => NUMBERS.map(b => fn(name, [a, b], 'bool', call as never))),
  ]
}

const LOGIC: readonly Overload[] = [
  fn('_&&_', ['bool', 'bool'], 'bool', (a: boolean, b: boolean) => a && b),
  fn('_||_', ['bool', 'bool'], 'bool', (a: boolean, b: boolean) => a || b),
  fn('_?_:_', ['bool', 'A', 'A'], 'A', (c: boolean, a: CelValue, b: CelValue) => (c ? a : b)),
  fn('_==_', ['A', 'A'], 'bool', (a: CelValue, b: CelValue) => equals(a, b)),
  fn('_!=_', ['A', 'A'], 'bool', (a: CelValue, b: CelValue) => !equals(a, b)),
  // Both are evaluated by the evaluator itself; here are their types.
  fn('_[_]', ['list<A>', 'int'], 'A', (a: CelValue) => a),
  fn('_[_]', ['map<A, B>', 'A'], 'B', (a: CelValue) => a),
  fn('_[_]', ['optional_type<list<A>>', 'int'], 'optional_type<A>', (a: CelValue) => a),
  fn('_[_]', ['optional_type<map<A, B>>', 'A'], 'optional_type<B>', (a: CelValue) => a),
  fn('_[?_]', ['list<A>', 'int'], 'optional_type<A>', (a: CelValue) => a),
  fn('_[?_]', ['map<A, B>', 'A'], 'optional_type<B>', (a: CelValue) => a),
  fn('_[?_]', ['optional_type<list<A>>', 'int'], 'optional_type<A>', (a: CelValue) => a),
  fn('_[?_]', ['optional_type<map<A, B>>', 'A'], 'optional_type<B>', (a: CelValue) => a),
  fn('@in', ['A', 'list<A>'], 'bool', contains, (_, list) => weight(list)),
  fn('@in', ['A', 'map<A, B>'], 'bool', (key: CelValue, map: CelMap) => map.get(key) !== undefined),
]

export function contains(item: CelValue, list: CelList): boolean {
  for (let i = 0; i < list.size; i++) if (equals(item, list.at(i))) return true
  return false
}

/** Characters, not UTF-16 units. */
export const characters = (text: string): readonly string[] =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the whole of ASCII
  /^[\x00-\x7f]*$/.test(text) ? text.split('') : [...text]

const sizes = (['string', 'bytes', 'list<A>', 'map<A, B>'] as const).flatMap(type => [
  fn('size', [type], 'int', size, sizeCost),
  method('size', type, [], 'int', size, sizeCost),
])
function size(value: CelValue): bigint {
  if (typeof value === 'string') return BigInt(characters(value).length)
  return BigInt((value as Uint8Array).length ?? (value as CelList).size)
}
function sizeCost(value: CelValue): number {
  return typeof value === 'string' ? weight(value) : 1
}

const TEXT: readonly Overload[] = [
  ofText(
    'contains',
    (a, b) => a.includes(b),
    (a, b) => weight(a) * Math.max(1, weight(b)),
  ),
  ofText(
    'startsWith',
    (a, b) => a.startsWith(b),
    (_, b) => weight(b),
  ),
  ofText(
    'endsWith',
    (a, b) => a.endsWith(b),
    (_, b) => weight(b),
  ),
  ofText('matches', matches, matchCost),
  fn('matches', ['string', 'string'], 'bool', matches, matchCost),
]

function ofText(
  name: string,
  holds: (text: string, other: string) => boolean,
  cost: (text: CelValue, other: CelValue) => number,
): Overload {
  return method(name, 'string', ['string'], 'bool', holds, cost)
}

function matches(text: string, pattern: string): boolean {
  return regexp(pattern).test(text)
}

export function regexp(pattern: string): ReturnType<typeof compilePattern> {
  try {
    return compilePattern(pattern)
  } catch (error) {
    throw new CelError(error instanceof Error ? error.message : String(error))
  }
}

/** cel-go's estimate of RE2: text times a quarter of the pattern. */
function matchCost(text: CelValue, pattern: CelValue): number {
  return Math.max(1, weight(text)) * Math.max(1, ((pattern as string).length ?? 0) / 4)
}

export const STANDARD: readonly Overload[] = [
  ...ARITHMETIC,
  ...LOGIC,
  ...comparisons('_<_', order => order < 0),
  ...comparisons('_<=_', order => order <= 0),
  ...comparisons('_>_', order => order > 0),
  ...comparisons('_>=_', order => order >= 0),
  ...CONVERSIONS,
  ...sizes,
  ...TEXT,
  ...TIMES,
]
