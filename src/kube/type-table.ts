/**
 * The generated table of the built-in kinds' types, as Go declares them: schemas, protobuf messages and typed decoding all follow from it.
 * The table is text, a type a line, so that nothing is parsed before a type is asked for. Its grammar (scripts/kube-tables.js writes it):
 *
 *     apps/v1 Deployment apps/v1.Deployment           a kind and its type; an empty line ends them
 *     #core/v1 api/core/v1                            the types that follow are of this package (k8s.io/api/core/v1)
 *     Name{@~A field field …                          a struct; @ it has apiVersion and kind, ~A it is owned as a whole
 *     Name=s value,value                              what stands for another type, and the values of an enum; `>` a message of its own
 *     Name                                            its JSON is not its fields: read by name
 *     json:NUMBERtype flags attributes                a field: protobuf number; type s b i l d u n y, [list, {map, .Type or package.Type
 *         * pointer  ? omitempty  0 omitzero  > inline  ! required  ~a ~s ~m(keys) list type  ~A ~G map type  ^merge key  $strategy  =default
 */
import { BUILT_IN_TYPES } from './generated/built-in-types.ts'

/** `s` string, `y` bytes, `b` bool, `i` int32, `l` int64, `d` float64, `u` and `n` other integers. */
export type Scalar = 's' | 'y' | 'b' | 'i' | 'l' | 'd' | 'u' | 'n'

export type TypeRef =
  | { readonly kind: 'scalar'; readonly scalar: Scalar }
  | { readonly kind: 'list'; readonly of: TypeRef }
  | { readonly kind: 'map'; readonly of: TypeRef }
  | { readonly kind: 'named'; readonly name: string }

export interface TypeField {
  /** `''` where the type's fields stand among those around it. */
  readonly json: string
  readonly number: number
  readonly type: TypeRef
  readonly isPointer: boolean
  /** Absent where it is empty. Go drops empty scalars, lists and maps so, but no structs. */
  readonly omitsEmpty: boolean
  readonly omitsZero: boolean
  readonly isInline: boolean
  readonly isRequired: boolean
  readonly listType?: 'atomic' | 'set' | 'map'
  readonly listKeys?: readonly string[]
  readonly mapType?: 'atomic' | 'granular'
  readonly mergeKey?: string
  readonly strategy?: string
  readonly default?: unknown
  /** Of `jsonFields` only: the inlined structs it comes from. */
  readonly within?: readonly string[]
}

export type TypeRow =
  | {
      readonly kind: 'struct'
      readonly name: string
      readonly fields: readonly TypeField[]
      /** It has `apiVersion` and `kind` too. */
      readonly isObject: boolean
      readonly mapType?: 'atomic' | 'granular'
      readonly unions?: readonly unknown[]
    }
  | {
      readonly kind: 'alias'
      readonly name: string
      readonly of: TypeRef
      readonly values?: readonly string[]
      readonly isMessage: boolean
    }
  | { readonly kind: 'special'; readonly name: string }

interface Index {
  readonly kinds: ReadonlyMap<string, string>
  /** The line of each type by its name with the package's short name. */
  readonly lines: ReadonlyMap<string, string>
  readonly packages: ReadonlyMap<string, string>
}

let index: Index | undefined

function readIndex(): Index {
  if (index) return index
  const end = BUILT_IN_TYPES.indexOf('\n\n')
  const kinds = new Map<string, string>()
  for (const line of BUILT_IN_TYPES.slice(0, end).split('\n')) {
    const space = line.lastIndexOf(' ')
    kinds.set(line.slice(0, space), line.slice(space + 1))
  }
  const lines = new Map<string, string>()
  const packages = new Map<string, string>()
  let alias = ''
  for (const line of BUILT_IN_TYPES.slice(end + 2).split('\n')) {
    if (line.startsWith('#')) {
      const [short = '', path = ''] = line.slice(1).split(' ')
      packages.set(short, path)
      alias = short
    } else lines.set(`${alias}.${/^\w+/.exec(line)?.[0]}`, line)
  }
  index = { kinds, lines, packages }
  return index
}

/** The type of a kind: `core/v1.Pod`. */
export const typeOfKind = (apiVersion: string, kind: string): string | undefined =>
  readIndex().kinds.get(`${apiVersion} ${kind}`)

/** `apps/v1 Deployment`, …: every kind that has a type. */
export const typedKinds = (): readonly string[] => [...readIndex().kinds.keys()]

/** `core/v1.Pod` -> `io.k8s.api.core.v1.Pod`, its name in OpenAPI. */
export function publishedName(name: string): string {
  const dot = name.lastIndexOf('.')
  const path = readIndex().packages.get(name.slice(0, dot)) ?? ''
  return `io.k8s.${path.replaceAll('/', '.')}${name.slice(dot)}`
}

/** The way back. */
export function typeOfPublishedName(published: string): string | undefined {
  const dot = published.lastIndexOf('.')
  const wanted = published.slice('io.k8s.'.length, dot)
  for (const [alias, path] of readIndex().packages) {
    const name = alias + published.slice(dot)
    if (path.replaceAll('/', '.') === wanted && readIndex().lines.has(name)) return name
  }
  return undefined
}

const parsed = new Map<string, TypeRow>()

/** A type by its name in this table; undefined where there is none. */
export function typeRow(name: string): TypeRow | undefined {
  const known = parsed.get(name)
  if (known) return known
  const line = readIndex().lines.get(name)
  if (line === undefined) return undefined
  const row = parseRow(name, line)
  parsed.set(name, row)
  return row
}

const MAP_TYPES = { '~A': 'atomic', '~G': 'granular' } as const

function parseRow(name: string, line: string): TypeRow {
  const alias = name.slice(0, name.lastIndexOf('.'))
  const shape = /^\w+([{=]?)(\S*)(?: (.*))?$/.exec(line)
  const [, mark, head = '', rest] = shape ?? []
  if (mark === '=') {
    const isMessage = head.endsWith('>')
    const of = parseType(isMessage ? head.slice(0, -1) : head, alias)
    return { kind: 'alias', name, of, isMessage, ...(rest !== undefined && { values: rest.split(',') }) }
  }
  if (mark !== '{') return { kind: 'special', name }
  const own = /^(@?)(~[AG])?(?:U(.*))?$/.exec(head)
  return {
    kind: 'struct',
    name,
    isObject: own?.[1] === '@',
    fields: rest === undefined ? [] : rest.split(' ').map(text => parseField(text, alias)),
    ...(own?.[2] && { mapType: MAP_TYPES[own[2] as '~A'] }),
    ...(own?.[3] && { unions: JSON.parse(own[3]) as unknown[] }),
  }
}

function parseType(text: string, alias: string): TypeRef {
  if (text.startsWith('[')) return { kind: 'list', of: parseType(text.slice(1), alias) }
  if (text.startsWith('{')) return { kind: 'map', of: parseType(text.slice(1), alias) }
  if (text.startsWith('.')) return { kind: 'named', name: alias + text }
  return text.includes('.') ? { kind: 'named', name: text } : { kind: 'scalar', scalar: text as Scalar }
}

const FIELD =
  /^([^:]*):(\d*)([^*?>!~^$=0]*)([*?>0]*)(!?)(?:~([as])|~m\(([^)]*)\))?(~[AG])?(?:\^([^$=]+))?(?:\$([^=]+))?(?:=(.*))?$/

const LIST_TYPES = { a: 'atomic', s: 'set' } as const

function parseField(text: string, alias: string): TypeField {
  const match = FIELD.exec(text)
  if (!match) throw new Error(`the table of types has a field that is none: ${text}`)
  const [, json = '', number, type = '', flags = '', required, list, keys, map, mergeKey, strategy, fallback] = match
  return {
    json,
    number: Number(number),
    type: parseType(type, alias),
    isPointer: flags.includes('*'),
    omitsEmpty: flags.includes('?'),
    omitsZero: flags.includes('0'),
    isInline: flags.includes('>'),
    isRequired: required === '!',
    ...(list && { listType: LIST_TYPES[list as 'a'] }),
    ...(keys && { listType: 'map' as const, listKeys: keys.split(',') }),
    ...(map && { mapType: MAP_TYPES[map as '~A'] }),
    ...(mergeKey && { mergeKey }),
    ...(strategy && { strategy }),
    ...(fallback !== undefined && { default: JSON.parse(fallback) as unknown }),
  }
}

/** A struct's fields as its JSON has them: those of inlined structs among the others. */
export function jsonFields(row: TypeRow & { readonly kind: 'struct' }): readonly TypeField[] {
  return row.fields.flatMap(field => {
    if (!field.isInline || field.type.kind !== 'named') return [field]
    const inner = typeRow(field.type.name)
    const within = field.type.name.slice(field.type.name.lastIndexOf('.') + 1)
    return inner?.kind === 'struct'
      ? jsonFields(inner).map(each => ({ ...each, within: [within, ...(each.within ?? [])] }))
      : []
  })
}
