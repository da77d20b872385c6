/** cel-go's extended string functions (ext.Strings version 2) and Kubernetes' regular expressions. */
import { weight } from '../access.ts'
import { fn, method, type Overload } from '../functions.ts'
import { formatRfc3339, formatSeconds } from '../time.ts'
import { CelError, CelList, CelMap, type CelValue, Duration, Timestamp, TypeValue, Uint } from '../values.ts'
import { formatDouble } from './conversions.ts'
import { characters, regexp } from './standard.ts'

const numberOf = (index: bigint, text: readonly string[], lastAllowed = text.length): number => {
  if (index < 0n || index > BigInt(lastAllowed)) throw new CelError(`index out of range: ${index}`)
  return Number(index)
}

function charAt(text: string, index: bigint): string {
  const chars = characters(text)
  return chars[numberOf(index, chars)] ?? ''
}

/** In characters, from a character on. */
function indexOf(text: string, part: string, from = 0n): bigint {
  const chars = characters(text)
  const start = numberOf(from, chars)
  const rest = chars.slice(start).join('')
  const found = rest.indexOf(part)
  return found < 0 ? -1n : BigInt(start + characters(rest.slice(0, found)).length)
}

function lastIndexOf(text: string, part: string, from?: bigint): bigint {
  const chars = characters(text)
  const end = from === undefined ? chars.length : numberOf(from, chars)
  const within = chars.slice(0, end + characters(part).length).join('')
  const found = within.lastIndexOf(part)
  return found < 0 ? -1n : BigInt(characters(within.slice(0, found)).length)
}

function substring(text: string, start: bigint, end?: bigint): string {
  const chars = characters(text)
  const from = numberOf(start, chars)
  const to = end === undefined ? chars.length : numberOf(end, chars)
  if (from > to) throw new CelError(`invalid substring range. start: ${start}, end: ${end}`)
  return chars.slice(from, to).join('')
}

function replace(text: string, old: string, by: string, count?: bigint): string {
  if (count === undefined || count < 0n) return text.split(old).join(by)
  const parts = old === '' ? characters(text) : text.split(old)
  const limit = Number(count)
  return parts.map((part, i) => (i === parts.length - 1 ? part : part + (i < limit ? by : old))).join('')
}

function split(text: string, separator: string, limit?: bigint): CelList {
  const parts = separator === '' ? [...characters(text)] : text.split(separator)
  if (limit === undefined || limit < 0n) return new CelList(parts)
  if (limit === 0n) return new CelList([])
  const kept = parts.slice(0, Number(limit) - 1)
  return new CelList(parts.length <= Number(limit) ? parts : [...kept, parts.slice(kept.length).join(separator)])
}

const join = (list: CelList, separator = ''): string =>
  [...list]
    .map(item => {
      if (typeof item !== 'string') throw new CelError('no such overload')
      return item
    })
    .join(separator)

const ascii = (text: string, pattern: RegExp, change: (char: string) => string): string => text.replace(pattern, change)

/** `"%s has %d".format([name, n])`. */
export function format(template: string, args: CelList): string {
  let next = 0
  return template.replace(/%(?:\.(\d+))?(.)/gu, (whole, precision: string | undefined, verb: string) => {
    if (verb === '%') return '%'
    if (next >= args.size) throw new CelError(`index ${next} out of range`)
    const value = args.at(next++)
    const formatter = VERBS[verb]
    if (!formatter) throw new CelError(`could not parse formatting clause: unrecognized formatting clause "${verb}"`)
    return formatter(value, precision === undefined ? 6 : Number(precision)) ?? fail(whole, value)
  })
}

const fail = (clause: string, value: CelValue): never => {
  throw new CelError(`error during formatting: ${clause} cannot format ${typeof value}`)
}

const integer = (value: CelValue): bigint | undefined =>
  typeof value === 'bigint' ? value : value instanceof Uint ? value.value : undefined
const inBase = (base: number) => (value: CelValue) => integer(value)?.toString(base)
const real = (value: CelValue): number | undefined =>
  typeof value === 'number' ? value : integer(value) === undefined ? undefined : Number(integer(value))

const VERBS: Readonly<Record<string, (value: CelValue, precision: number) => string | undefined>> = {
  s: value => shown(value),
  d: value => (typeof value === 'number' && !Number.isInteger(value) ? undefined : inBase(10)(value)),
  f: (value, precision) => real(value)?.toFixed(precision),
  e: (value, precision) =>
    real(value)
      ?.toExponential(precision)
      .replace(/e([+-])(\d)$/, 'e$10$2'),
  b: value => (typeof value === 'boolean' ? (value ? '1' : '0') : inBase(2)(value)),
  o: inBase(8),
  x: value => hex(value),
  X: value => hex(value)?.toUpperCase(),
}

function hex(value: CelValue): string | undefined {
  if (typeof value === 'string') return Buffer.from(value).toString('hex')
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  return inBase(16)(value)
}

export function shown(value: CelValue): string {
  if (typeof value === 'number') return formatDouble(value)
  if (value instanceof Uint) return String(value.value)
  if (value instanceof CelList) return `[${[...value].map(shown).join(', ')}]`
  if (value instanceof CelMap) {
    const entries = [...value.keys()].map(key => `${shown(key)}: ${shown(value.get(key) ?? null)}`)
    return `{${entries.sort().join(', ')}}`
  }
  if (value instanceof Timestamp) return formatRfc3339(value.nanos)
  if (value instanceof Duration) return formatSeconds(value.nanos)
  if (value instanceof TypeValue) return value.name
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8')
  return String(value)
}

function find(text: string, pattern: string): string {
  const matcher = regexp(pattern).matcher(text)
  return matcher.find() ? (matcher.group() ?? '') : ''
}

function findAll(text: string, pattern: string, limit = -1n): CelList {
  const matcher = regexp(pattern).matcher(text)
  const found: string[] = []
  while ((limit < 0n || BigInt(found.length) < limit) && matcher.find()) found.push(matcher.group() ?? '')
  return new CelList(found)
}

const byText = (text: CelValue): number => weight(text)
const searched = (text: CelValue, part: CelValue): number => weight(text) * Math.max(1, weight(part))
const replaced = (text: CelValue, old: CelValue, by: CelValue): number => {
  const growth = Math.max(1, (by as string).length / Math.max(1, (old as string).length))
  return weight(text) * growth
}

export const STRINGS: readonly Overload[] = [
  method('charAt', 'string', ['int'], 'string', charAt, byText),
  method('indexOf', 'string', ['string'], 'int', indexOf, searched),
  method('indexOf', 'string', ['string', 'int'], 'int', indexOf, searched),
  method('lastIndexOf', 'string', ['string'], 'int', lastIndexOf, searched),
  method('lastIndexOf', 'string', ['string', 'int'], 'int', lastIndexOf, searched),
  method('substring', 'string', ['int'], 'string', substring, byText),
  method('substring', 'string', ['int', 'int'], 'string', substring, byText),
  method('replace', 'string', ['string', 'string'], 'string', replace, replaced),
  method('replace', 'string', ['string', 'string', 'int'], 'string', replace, replaced),
  method('split', 'string', ['string'], 'list<string>', split, byText),
  method('split', 'string', ['string', 'int'], 'list<string>', split, byText),
  method('join', 'list<string>', [], 'string', join, joinCost),
  method('join', 'list<string>', ['string'], 'string', join, joinCost),
  method('lowerAscii', 'string', [], 'string', (s: string) => ascii(s, /[A-Z]+/g, c => c.toLowerCase()), byText),
  method('upperAscii', 'string', [], 'string', (s: string) => ascii(s, /[a-z]+/g, c => c.toUpperCase()), byText),
  method('trim', 'string', [], 'string', (s: string) => s.trim(), byText),
  method('format', 'string', ['list<dyn>'], 'string', format, (text, args) => weight(text) + listText(args as CelList)),
  fn('strings.quote', ['string'], 'string', (s: string) => JSON.stringify(s), byText),
  method('find', 'string', ['string'], 'string', find, regexCost),
  method('findAll', 'string', ['string'], 'list<string>', findAll, regexCost),
  method('findAll', 'string', ['string', 'int'], 'list<string>', findAll, regexCost),
]

function listText(list: CelList): number {
  let total = list.size
  for (const item of list) total += weight(item)
  return total
}

function joinCost(list: CelValue, separator?: CelValue): number {
  return listText(list as CelList) + (list as CelList).size * (separator === undefined ? 0 : weight(separator))
}

function regexCost(text: CelValue, pattern: CelValue): number {
  return Math.max(1, weight(text)) * Math.max(1, (pattern as string).length / 4) * 4
}
