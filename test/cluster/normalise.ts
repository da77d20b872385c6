/**
 * What no two servers can answer alike is replaced by what it is: times, uids, versions, generated names, addresses. A uid or an object's
 * version that comes twice is the same word twice, so that "nothing has changed" stays visible.
 */
import { canonicalJson } from '../../src/kube/canonical-json.ts'
import { isRecord } from '../../src/kube/equal.ts'

export interface Names {
  /** The texts that stand for something in this scenario: its namespace, generated names. */
  readonly words: Map<string, string>
  readonly uids: Map<string, string>
  readonly versions: Map<string, string>
}

export const newNames = (namespace: string): Names => ({
  words: new Map([[namespace, 'NS']]),
  uids: new Map(),
  versions: new Map(),
})

const UUID = /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z\b/g, '<time>'],
  [/\b10\.96\.\d{1,3}\.\d{1,3}\b/g, '<address>'],
  [/kube-api-access-[a-z0-9]{5}\b/g, 'kube-api-access-<5>'],
  [/(Too large resource version: \d+, current: )\d+/g, '$1<version>'],
  [/too old resource version: \d+ \(\d+\)/g, 'too old resource version: <version> (<version>)'],
  [/(ResourceVersion in (?:precondition|object meta)): \d+/g, '$1: <version>'],
  // The whole object as Go prints it.
  [
    /(patch: Invalid value|^Invalid value): "(?:\{|map\[).*[}\]]": (?=strict|json|converting|no kind)/gs,
    '$1: <patched>: ',
  ],
  [/(ResourceVersion in (?:the precondition|record)) \(\d+\)/g, '$1 (<version>)'],
  // Go's picture of what changed between two of its structs.
  [/\n@@ -[\s\S]*?(?=\]?$)/g, ''],
  [/https:\/\/127\.0\.0\.1:\d+/g, 'https://<server>'],
]

function text(value: string, { words, uids }: Names): string {
  let seen = value
  for (const [pattern, word] of PATTERNS) seen = seen.replace(pattern, word)
  seen = seen.replace(UUID, uid => numbered(uids, uid, 'uid'))
  for (const [from, to] of words) seen = seen.replaceAll(from, to)
  return seen
}

function numbered(known: Map<string, string>, value: string, what: string): string {
  const before = known.get(value)
  if (before !== undefined) return before
  const word = `<${what} ${known.size + 1}>`
  known.set(value, word)
  return word
}

/** Fields whose value says nothing that two servers share. */
const OPAQUE: Readonly<Record<string, string>> = { continue: '<continue>', token: '<token>', nodePort: '<port>' }

export function normalised(value: unknown, names: Names, owners: boolean): unknown {
  if (typeof value === 'string') return text(value, names)
  if (Array.isArray(value)) return value.map(item => normalised(item, names, owners))
  if (!isRecord(value)) return value
  const isList = Array.isArray(value.items) || Array.isArray(value.rows)
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, field]) => {
      if (key === 'managedFields' && !owners) return []
      if (key === 'metadata' && isRecord(field)) return [[key, metadata(field, names, owners, isList)]]
      if (OPAQUE[key] !== undefined && field && !isRecord(field)) return [[key, OPAQUE[key]]]
      // Tables show how long ago something was.
      if (key === 'cells' && Array.isArray(field))
        return [[key, field.map(cell => aged(normalised(cell, names, owners)))]]
      return [[text(key, names), normalised(field, names, owners)]]
    }),
  )
}

const aged = (cell: unknown): unknown => (typeof cell === 'string' ? cell.replace(/^\d+(ms|s)$/, '<age>') : cell)

function metadata(value: Record<string, unknown>, names: Names, owners: boolean, isList: boolean): unknown {
  const { resourceVersion, ...rest } = value
  const isBookmark = Object.keys(rest).every(key => key === 'creationTimestamp' || key === 'annotations')
  return {
    ...(normalised(rest, names, owners) as object),
    ...(resourceVersion !== undefined && {
      resourceVersion:
        isList || isBookmark ? '<version>' : numbered(names.versions, String(resourceVersion), 'version'),
    }),
  }
}

/** A uid or version that comes in one answer only says nothing: it loses its number, so that what follows keeps its own. */
export function withoutLoneNumbers<T>(answers: readonly T[]): readonly T[] {
  // By name, not in the order in which a server happens to write its fields.
  const texts = answers.map(answer => canonicalJson(answer))
  const numbers = new Map<string, string>()
  const next = { uid: 1, version: 1 }
  for (const word of new Set(texts.join('').match(/<(?:uid|version) \d+>/g))) {
    const kind = word.startsWith('<uid') ? 'uid' : 'version'
    const isLone = texts.filter(text => text.includes(word)).length < 2
    numbers.set(word, isLone ? `<${kind}>` : `<${kind} ${next[kind]++}>`)
  }
  return texts.map(text => JSON.parse(text.replace(/<(?:uid|version) \d+>/g, word => numbers.get(word) ?? word)) as T)
}
