/** What a kind or one of its fields is, as text, read from a server's OpenAPI document. Pure; upstream's `kubectl explain` is the model. */

export interface Schema {
  readonly type?: string
  readonly format?: string
  readonly description?: string
  readonly enum?: readonly unknown[]
  readonly default?: unknown
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly additionalProperties?: Schema | boolean
  readonly $ref?: string
  readonly allOf?: readonly Schema[]
  readonly 'x-kubernetes-group-version-kind'?: readonly {
    readonly group: string
    readonly version: string
    readonly kind: string
  }[]
}

export interface Document {
  readonly components?: { readonly schemas?: Readonly<Record<string, Schema>> }
}

export interface Kind {
  readonly group: string
  readonly version: string
  readonly kind: string
}

export interface Explained {
  readonly lines: readonly string[]
}

/** The field that does not exist, and the names of those that do beside it. */
export interface UnknownField {
  readonly unknown: string
  readonly known: readonly string[]
}

const REF = '#/components/schemas/'

interface Resolved {
  readonly schema: Schema
  /** `ContainerPort`, where the schema has a name. */
  readonly name?: string
}

/** Follows references; what stands beside one counts more. */
function resolve(document: Document, schema: Schema): Resolved {
  const inner = schema.$ref ?? (schema.allOf?.length === 1 ? schema.allOf[0]?.$ref : undefined)
  if (inner === undefined) return { schema }
  const key = inner.slice(REF.length)
  const found = document.components?.schemas?.[key] ?? {}
  const { $ref: _, allOf: __, ...own } = schema
  return { schema: { ...found, ...own }, name: key.slice(key.lastIndexOf('.') + 1) }
}

function typeText(document: Document, schema: Schema): string {
  const { schema: whole, name } = resolve(document, schema)
  if (whole.type === 'array') return `[]${whole.items ? typeText(document, whole.items) : 'Object'}`
  if (whole.type === 'object') {
    if (name !== undefined) return name
    const { additionalProperties } = whole
    return typeof additionalProperties === 'object'
      ? `map[string]${typeText(document, additionalProperties)}`
      : 'Object'
  }
  return whole.type ?? name ?? 'Object'
}

/** What a list or a map holds, and what holds fields. */
function inside(document: Document, schema: Schema): Schema {
  const { schema: whole } = resolve(document, schema)
  if (whole.items) return inside(document, whole.items)
  if (!whole.properties && typeof whole.additionalProperties === 'object')
    return inside(document, whole.additionalProperties)
  return whole
}

const shown = (value: unknown): string => (typeof value === 'string' ? value || '""' : JSON.stringify(value))

function fieldLines(
  document: Document,
  schema: Schema,
  indent: string,
  isRecursive: boolean,
  seen: readonly Schema[],
): string[] {
  const holder = inside(document, schema)
  const required = new Set(holder.required)
  return Object.entries(holder.properties ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([name, field]) => {
      const { schema: whole } = resolve(document, field)
      const line = `${indent}${name}\t<${typeText(document, field)}>${required.has(name) ? ' -required-' : ''}`
      const values = whole.enum ? [`${indent}enum: ${whole.enum.map(shown).join(', ')}`] : []
      if (!isRecursive) return [line, ...values, ...described(whole.description, `${indent}  `), '']
      const inner = inside(document, field)
      return [
        line,
        ...values,
        ...(seen.includes(inner) ? [] : fieldLines(document, field, `${indent}  `, true, [...seen, inner])),
      ]
    })
}

const WIDTH = 76

function described(text: string | undefined, indent: string): string[] {
  if (!text) return []
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/\s+/)) {
    if (line && line.length + word.length + 1 > WIDTH) {
      lines.push(indent + line)
      line = word
    } else line = line ? `${line} ${word}` : word
  }
  return [...lines, indent + line]
}

export function explain(
  document: Document,
  kind: Kind,
  path: readonly string[],
  isRecursive: boolean,
): Explained | UnknownField | undefined {
  const root = Object.values(document.components?.schemas ?? {}).find(schema =>
    schema['x-kubernetes-group-version-kind']?.some(
      each => each.group === kind.group && each.version === kind.version && each.kind === kind.kind,
    ),
  )
  if (!root) return undefined
  let field: Schema = root
  for (const step of path) {
    const holder = inside(document, field)
    const next = holder.properties && Object.hasOwn(holder.properties, step) ? holder.properties[step] : undefined
    if (!next) return { unknown: step, known: Object.keys(holder.properties ?? {}) }
    field = next
  }
  const { schema: whole } = resolve(document, field)
  const holder = inside(document, field)
  const name = path.at(-1)
  const fields = fieldLines(document, field, '  ', isRecursive, [holder])
  const text = [
    ...described(whole.description, '    '),
    ...(holder === whole ? [] : described(holder.description, '    ')),
  ]
  return {
    lines: [
      ...(kind.group ? [`GROUP:      ${kind.group}`] : []),
      `KIND:       ${kind.kind}`,
      `VERSION:    ${kind.version}`,
      '',
      ...(name === undefined ? [] : [`FIELD: ${name} <${typeText(document, field)}>`]),
      ...(whole.enum ? ['ENUM:', ...whole.enum.map(value => `    ${shown(value)}`)] : []),
      ...(name !== undefined &&
      whole.default !== undefined &&
      shown(whole.default) !== '{}' &&
      shown(whole.default) !== '""'
        ? [`DEFAULT: ${shown(whole.default)}`]
        : []),
      ...(name === undefined ? [] : ['']),
      'DESCRIPTION:',
      ...(text.length > 0 ? text : ['    <none>']),
      '',
      ...(fields.length > 0 ? ['FIELDS:', ...fields] : []),
    ],
  }
}
