/** Kubernetes' own types in CEL: quantities, versions, named formats of text. */
import { formatQuantity, parseQuantity, type Quantity } from '../../quantity.ts'
import { weight } from '../access.ts'
import { fn, method, type Overload } from '../functions.ts'
import { parseTimestamp } from '../time.ts'
import { CelError, CelList, NONE, Opaque, Optional } from '../values.ts'

const QUANTITY = 'kubernetes.Quantity'
const NANO = 1_000_000_000n
const MAX_INT = 2n ** 63n - 1n

export function quantity(text: string): Opaque {
  const parsed = parseQuantity(text)
  if (!parsed)
    throw new CelError("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")
  return new Opaque(QUANTITY, parsed)
}
const quantityOf = ({ value }: Opaque): Quantity => value as Quantity
const nanos = (given: Opaque | bigint): bigint => (typeof given === 'bigint' ? given * NANO : quantityOf(given).nanos)
const isInteger = (q: Opaque): boolean => {
  const value = nanos(q)
  return value % NANO === 0n && value / NANO <= MAX_INT && value / NANO >= -MAX_INT - 1n
}
function asInteger(q: Opaque): bigint {
  if (!isInteger(q)) throw new CelError('cannot convert value to integer')
  return nanos(q) / NANO
}
const sign = (value: bigint): bigint => (value > 0n ? 1n : value < 0n ? -1n : 0n)
const changed = (q: Opaque, by: bigint): Opaque => new Opaque(QUANTITY, { ...quantityOf(q), nanos: nanos(q) + by })

const QUANTITIES: readonly Overload[] = [
  fn('quantity', ['string'], QUANTITY, quantity, weight),
  fn('isQuantity', ['string'], 'bool', (text: string) => parseQuantity(text) !== undefined, weight),
  method('isInteger', QUANTITY, [], 'bool', isInteger),
  method('asInteger', QUANTITY, [], 'int', asInteger),
  method('asApproximateFloat', QUANTITY, [], 'double', (q: Opaque) => Number(nanos(q)) / 1e9),
  method('sign', QUANTITY, [], 'int', (q: Opaque) => sign(nanos(q))),
  method('add', QUANTITY, [QUANTITY], QUANTITY, (a: Opaque, b: Opaque) => changed(a, nanos(b))),
  method('add', QUANTITY, ['int'], QUANTITY, (a: Opaque, b: bigint) => changed(a, b * NANO)),
  method('sub', QUANTITY, [QUANTITY], QUANTITY, (a: Opaque, b: Opaque) => changed(a, -nanos(b))),
  method('sub', QUANTITY, ['int'], QUANTITY, (a: Opaque, b: bigint) => changed(a, -b * NANO)),
  method('isLessThan', QUANTITY, [QUANTITY], 'bool', (a: Opaque, b: Opaque) => nanos(a) < nanos(b)),
  method('isGreaterThan', QUANTITY, [QUANTITY], 'bool', (a: Opaque, b: Opaque) => nanos(a) > nanos(b)),
  method('compareTo', QUANTITY, [QUANTITY], 'int', (a: Opaque, b: Opaque) => sign(nanos(a) - nanos(b))),
  fn('string', [QUANTITY], 'string', (q: Opaque) => formatQuantity(quantityOf(q))),
]

const SEMVER = 'kubernetes.Semver'
interface Version {
  readonly numbers: readonly bigint[]
  readonly pre: readonly string[]
}

const NUMBER = '(0|[1-9]\\d*)'
const SYNTAX = new RegExp(`^${NUMBER}\\.${NUMBER}\\.${NUMBER}(?:-([0-9A-Za-z.-]+))?(?:\\+[0-9A-Za-z.-]+)?$`)

function parseVersion(text: string, isLax = false): Version | undefined {
  const [, major, minor = '', patch = '', pre] = SYNTAX.exec(isLax ? normalized(text) : text) ?? []
  if (major === undefined) return undefined
  const parts = pre === undefined ? [] : pre.split('.')
  if (parts.some(part => part === '' || /^0\d+$/.test(part))) return undefined
  return { numbers: [BigInt(major), BigInt(minor), BigInt(patch)], pre: parts }
}

/** `v1.2` is 1.2.0. */
function normalized(text: string): string {
  const [, numbers = '', rest = ''] = /^v?([\d.]*)(.*)$/.exec(text) ?? []
  const parts = numbers.split('.').map(part => part.replace(/^0+(?=\d)/, ''))
  return [...parts, '0', '0'].slice(0, Math.max(3, parts.length)).join('.') + rest
}

export function semver(text: string, isLax = false): Opaque {
  const parsed = parseVersion(text, isLax)
  if (!parsed) throw new CelError('invalid semver')
  return new Opaque(SEMVER, parsed)
}
const versionOf = ({ value }: Opaque): Version => value as Version

function compareVersions(a: Opaque, b: Opaque): bigint {
  const [x, y] = [versionOf(a), versionOf(b)]
  for (let i = 0; i < 3; i++) {
    const order = sign((x.numbers[i] ?? 0n) - (y.numbers[i] ?? 0n))
    if (order !== 0n) return order
  }
  if (x.pre.length === 0 || y.pre.length === 0) return BigInt(Math.sign(y.pre.length - x.pre.length))
  for (let i = 0; i < Math.min(x.pre.length, y.pre.length); i++) {
    const order = comparePart(x.pre[i] ?? '', y.pre[i] ?? '')
    if (order !== 0) return BigInt(order)
  }
  return BigInt(Math.sign(x.pre.length - y.pre.length))
}

function comparePart(a: string, b: string): number {
  const [isNumberA, isNumberB] = [/^\d+$/.test(a), /^\d+$/.test(b)]
  if (isNumberA && isNumberB) return Number(sign(BigInt(a) - BigInt(b)))
  if (isNumberA !== isNumberB) return isNumberA ? -1 : 1
  return a < b ? -1 : a > b ? 1 : 0
}

const number = (index: number) => (v: Opaque) => versionOf(v).numbers[index] ?? 0n

const VERSIONS: readonly Overload[] = [
  fn('semver', ['string'], SEMVER, semver, weight),
  fn('semver', ['string', 'bool'], SEMVER, semver, weight),
  fn('isSemver', ['string'], 'bool', (text: string) => parseVersion(text) !== undefined, weight),
  fn(
    'isSemver',
    ['string', 'bool'],
    'bool',
    (text: string, lax: boolean) => parseVersion(text, lax) !== undefined,
    weight,
  ),
  method('major', SEMVER, [], 'int', number(0)),
  method('minor', SEMVER, [], 'int', number(1)),
  method('patch', SEMVER, [], 'int', number(2)),
  method('compareTo', SEMVER, [SEMVER], 'int', compareVersions),
  method('isLessThan', SEMVER, [SEMVER], 'bool', (a: Opaque, b: Opaque) => compareVersions(a, b) < 0n),
  method('isGreaterThan', SEMVER, [SEMVER], 'bool', (a: Opaque, b: Opaque) => compareVersions(a, b) > 0n),
]

const FORMAT = 'kubernetes.NamedFormat'

interface NamedFormat {
  readonly maxLength: number
  readonly pattern: RegExp
  readonly message: string
}

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'
const dns1123 =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character"

/** The text of each is at most as long as given, so a backtracking engine is safe here. */
const FORMATS: Readonly<Record<string, NamedFormat>> = {
  dns1123Label: { maxLength: 63, pattern: new RegExp(`^${LABEL}$`), message: dns1123 },
  dns1123LabelPrefix: { maxLength: 63, pattern: /^[a-z0-9][-a-z0-9]*$/, message: dns1123 },
  dns1123Subdomain: {
    maxLength: 253,
    pattern: new RegExp(`^${LABEL}(\\.${LABEL})*$`),
    message:
      "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
  },
  dns1123SubdomainPrefix: { maxLength: 253, pattern: /^[a-z0-9][-.a-z0-9]*$/, message: dns1123 },
  dns1035Label: {
    maxLength: 63,
    pattern: /^[a-z]([-a-z0-9]*[a-z0-9])?$/,
    message:
      "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
  },
  dns1035LabelPrefix: { maxLength: 63, pattern: /^[a-z][-a-z0-9]*$/, message: 'a DNS-1035 label prefix' },
  qualifiedName: {
    maxLength: 317,
    pattern: /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)$/,
    message:
      "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  },
  labelValue: {
    maxLength: 63,
    pattern: /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/,
    message:
      "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  },
  uri: { maxLength: 8192, pattern: /^(\/|[A-Za-z][A-Za-z0-9+.-]*:)\S*$/, message: 'invalid URI' },
  uuid: {
    maxLength: 100,
    pattern: /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i,
    message: 'does not match the UUID format',
  },
  byte: { maxLength: 3 * 1024 * 1024, pattern: /^[A-Za-z0-9+/]*={0,2}$/, message: 'invalid base64' },
  date: { maxLength: 10, pattern: /^\d{4}-\d\d-\d\d$/, message: 'invalid date' },
  datetime: { maxLength: 64, pattern: /^\d{4}-\d\d-\d\d[Tt]/, message: 'invalid datetime' },
}

function validate({ value }: Opaque, text: string): Optional {
  const format = FORMATS[value as string]
  if (!format) return NONE
  const problems: string[] = []
  if (text.length > format.maxLength) problems.push(`must be no more than ${format.maxLength} bytes`)
  else if (!format.pattern.test(text)) problems.push(format.message)
  else if ((value === 'date' || value === 'datetime') && parseTimestamp(text) === undefined)
    problems.push(format.message)
  return problems.length === 0 ? NONE : new Optional(new CelList(problems))
}

const NAMED: readonly Overload[] = [
  fn('format.named', ['string'], `optional_type<${FORMAT}>`, (name: string) =>
    Object.hasOwn(FORMATS, name) ? new Optional(new Opaque(FORMAT, name)) : NONE,
  ),
  ...Object.keys(FORMATS).map(name => fn(`format.${name}`, [], FORMAT, () => new Opaque(FORMAT, name))),
  method('validate', FORMAT, ['string'], 'optional_type<list<string>>', validate, (_, text) => weight(text) * 4),
]

export const KUBERNETES: readonly Overload[] = [...QUANTITIES, ...VERSIONS, ...NAMED]
