/** Lists, sets and optional values: cel-go's extensions and Kubernetes' own list functions. */

import { weight } from '../access.ts'
import { compareValues, equals } from '../compare.ts'
import { fn, method, type Overload } from '../functions.ts'
import { CelError, CelList, type CelMap, type CelValue, Duration, NONE, Optional, Uint } from '../values.ts'
import { int } from './conversions.ts'
import { contains } from './standard.ts'

const ORDERED = ['int', 'uint', 'double', 'bool', 'string', 'timestamp', 'duration', 'bytes']

function isSorted(list: CelList): boolean {
  for (let i = 1; i < list.size; i++) if (compareValues(list.at(i - 1), list.at(i)) > 0) return false
  return true
}

function extreme(list: CelList, name: string, sign: number): CelValue {
  if (list.size === 0) throw new CelError(`${name} called on empty list`)
  let best = list.at(0)
  for (const item of list) if (compareValues(item, best) * sign > 0) best = item
  return best
}

const sums: readonly Overload[] = [
  method(
    'sum',
    'list<int>',
    [],
    'int',
    (l: CelList) => int([...l].reduce<bigint>((a, b) => a + (b as bigint), 0n)),
    weight,
  ),
  method(
    'sum',
    'list<uint>',
    [],
    'uint',
    (l: CelList) => new Uint([...l].reduce<bigint>((a, b) => a + (b as Uint).value, 0n)),
    weight,
  ),
  method(
    'sum',
    'list<double>',
    [],
    'double',
    (l: CelList) => [...l].reduce<number>((a, b) => a + (b as number), 0),
    weight,
  ),
  method(
    'sum',
    'list<duration>',
    [],
    'duration',
    (l: CelList) => new Duration(int([...l].reduce<bigint>((a, b) => a + (b as Duration).nanos, 0n))),
    weight,
  ),
]

function indexOf(list: CelList, item: CelValue): bigint {
  for (let i = 0; i < list.size; i++) if (equals(list.at(i), item)) return BigInt(i)
  return -1n
}

function lastIndexOf(list: CelList, item: CelValue): bigint {
  for (let i = list.size - 1; i >= 0; i--) if (equals(list.at(i), item)) return BigInt(i)
  return -1n
}

function slice(list: CelList, start: bigint, end: bigint): CelList {
  if (start < 0n || end < 0n) throw new CelError(`cannot slice(${start}, ${end}), negative indexes not supported`)
  if (start > end)
    throw new CelError(`cannot slice(${start}, ${end}), start index must be less than or equal to end index`)
  if (end > BigInt(list.size)) throw new CelError(`cannot slice(${start}, ${end}), list is length ${list.size}`)
  return new CelList([...list].slice(Number(start), Number(end)))
}

function flatten(list: CelList, depth = 1n): CelList {
  if (depth < 0n) throw new CelError('level must be non-negative')
  const flat: CelValue[] = []
  for (const item of list) {
    if (item instanceof CelList && depth > 0n) flat.push(...flatten(item, depth - 1n))
    else flat.push(item)
  }
  return new CelList(flat)
}

function distinct(list: CelList): CelList {
  const kept: CelValue[] = []
  for (const item of list) if (!kept.some(each => equals(each, item))) kept.push(item)
  return new CelList(kept)
}

const MAX_RANGE = 1_000_000n
function range(size: bigint): CelList {
  if (size > MAX_RANGE) throw new CelError(`lists.range(${size}) is too long`)
  return new CelList(Array.from({ length: Number(size < 0n ? 0n : size) }, (_, i) => BigInt(i)))
}

const subset = (list: CelList, part: CelList): boolean => [...part].every(item => contains(item, list))
const product = (a: CelValue, b: CelValue): number => Math.max(1, weight(a) * weight(b))

const optionally = (item: CelValue | undefined): Optional => (item === undefined ? NONE : new Optional(item))

export const LISTS: readonly Overload[] = [
  ...ORDERED.flatMap(type => [
    method('isSorted', `list<${type}>`, [], 'bool', isSorted, weight),
    method('min', `list<${type}>`, [], type, (l: CelList) => extreme(l, 'min', -1), weight),
    method('max', `list<${type}>`, [], type, (l: CelList) => extreme(l, 'max', 1), weight),
  ]),
  ...sums,
  method('indexOf', 'list<A>', ['A'], 'int', indexOf, weight),
  method('lastIndexOf', 'list<A>', ['A'], 'int', lastIndexOf, weight),
  method('slice', 'list<A>', ['int', 'int'], 'list<A>', slice, weight),
  method('flatten', 'list<list<A>>', [], 'list<A>', flatten, weight),
  method('flatten', 'list<dyn>', ['int'], 'list<dyn>', flatten, weight),
  method('distinct', 'list<A>', [], 'list<A>', distinct, list => weight(list) ** 2),
  method('reverse', 'list<A>', [], 'list<A>', (l: CelList) => new CelList([...l].reverse()), weight),
  method(
    'sort',
    'list<A>',
    [],
    'list<A>',
    (l: CelList) => new CelList([...l].sort(compareValues)),
    list => weight(list) * Math.log2(2 + weight(list)),
  ),
  method('first', 'list<A>', [], 'optional_type<A>', (l: CelList) => optionally(l.size > 0 ? l.at(0) : undefined)),
  method('last', 'list<A>', [], 'optional_type<A>', (l: CelList) =>
    optionally(l.size > 0 ? l.at(l.size - 1) : undefined),
  ),
  fn('lists.range', ['int'], 'list<int>', range, size => Math.max(1, Number(size as bigint))),
  fn('sets.contains', ['list<A>', 'list<A>'], 'bool', subset, product),
  fn(
    'sets.equivalent',
    ['list<A>', 'list<A>'],
    'bool',
    (a: CelList, b: CelList) => subset(a, b) && subset(b, a),
    (a, b) => 2 * product(a, b),
  ),
  fn(
    'sets.intersects',
    ['list<A>', 'list<A>'],
    'bool',
    (a: CelList, b: CelList) => [...a].some(item => contains(item, b)),
    product,
  ),
]

function value(optional: Optional): CelValue {
  if (optional.value === undefined) throw new CelError('optional.none() dereference')
  return optional.value
}

const isZero = (given: CelValue): boolean =>
  given === null ||
  given === false ||
  given === '' ||
  given === 0 ||
  given === 0n ||
  ((given instanceof CelList || (given as CelMap).keys !== undefined) && (given as CelList).size === 0)

export const OPTIONALS: readonly Overload[] = [
  fn('optional.of', ['A'], 'optional_type<A>', (a: CelValue) => new Optional(a)),
  fn('optional.ofNonZeroValue', ['A'], 'optional_type<A>', (a: CelValue) => (isZero(a) ? NONE : new Optional(a))),
  fn('optional.none', [], 'optional_type<A>', () => NONE),
  method('hasValue', 'optional_type<A>', [], 'bool', (a: Optional) => a.value !== undefined),
  method('value', 'optional_type<A>', [], 'A', value),
  method('or', 'optional_type<A>', ['optional_type<A>'], 'optional_type<A>', (a: Optional, b: Optional) =>
    a.value === undefined ? b : a,
  ),
  method('orValue', 'optional_type<A>', ['A'], 'A', (a: Optional, b: CelValue) => a.value ?? b),
]
