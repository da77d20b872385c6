/** What breaks a schema, said to the person who wrote it: the violation of `kube/schema-validate.ts` as a Problem with a fix. */
import { didYouMean, nearest } from '../../base/did-you-mean.ts'
import type { Problem } from '../../base/problem.ts'
import type { SchemaViolation, StructuralSchema } from '../../kube/schema.ts'
import { type FieldPath, formatFieldPath } from '../../kube/schema-path.ts'
import { QUANTITY } from '../schema/words.ts'
import { exampleOf } from './examples.ts'
import { nearQuantity } from './near-quantity.ts'
import { flow, orList, show } from './show.ts'

interface Broken {
  readonly kind: string
  readonly path: FieldPath
  readonly value: unknown
  readonly schema: StructuralSchema
}

export function sentenceOf(kind: string, root: StructuralSchema, whole: unknown, violation: SchemaViolation): Problem {
  const { path, reason } = violation
  const broken: Broken = { kind, path, value: valueAt(whole, path), schema: schemaAt(root, path) ?? {} }
  const said = reason === 'FieldValueRequired' ? missing(broken) : (SENTENCES[reason] ?? outOfBounds)(broken)
  return { field: formatFieldPath(path), ...said }
}

type Said = Omit<Problem, 'field' | 'place'>

const SENTENCES: Partial<Record<SchemaViolation['reason'], (broken: Broken) => Said>> = {
  FieldValueTypeInvalid: wrongType,
  FieldValueNotSupported: notOffered,
}

function missing({ kind, path, schema }: Broken): Said {
  const name = String(path.at(-1))
  const example = exampleOf(kind, path) ?? `${name}: ${placeholder(schema)}`
  return { what: 'is missing', fix: `Add ${example}` }
}

const placeholder = ({ type, enum: values, minimum }: StructuralSchema): string =>
  values
    ? String(values[0])
    : type === 'integer' || type === 'number'
      ? String(minimum ?? 1)
      : type === 'boolean'
        ? 'true'
        : 'name'

const TYPE_WORDS: Readonly<Record<string, string>> = {
  object: 'a map of fields',
  array: 'a list',
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
}

function wrongType({ kind, path, value, schema }: Broken): Said {
  const wanted = schema.type ?? 'object'
  const isCommand = wanted === 'array' && typeof value === 'string' && path.at(-1) === 'command'
  const why = isCommand ? 'a command is a list, since no shell takes it apart' : `it must be ${TYPE_WORDS[wanted]}`
  return { what: `is ${show(value)}`, why, fix: `Write ${exampleOf(kind, path, value) ?? converted(schema, value)}` }
}

/** The value in the type that is wanted, where it can be said; otherwise what that type looks like. */
function converted(schema: StructuralSchema, value: unknown): string {
  const { type, properties } = schema
  if (type === 'string')
    return value === null || typeof value === 'object'
      ? '"" with the text between the quotes.'
      : `"${value}" in quotes.`
  if (type === 'array')
    return value === null || typeof value === 'object' ? 'a list, such as ["a", "b"].' : `${flow([value])}.`
  if (type === 'integer') {
    return typeof value === 'string' && /^\d+$/.test(value)
      ? `${value} without quotes.`
      : `a whole number, such as ${schema.minimum ?? 1}.`
  }
  if (type === 'number') {
    return typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value))
      ? `${value} without quotes.`
      : `a number, such as ${schema.minimum ?? 1}.`
  }
  if (type === 'boolean') return 'true or false, without quotes.'
  return properties ? `its fields: ${Object.keys(properties).join(', ')}.` : 'keys and values.'
}

function notOffered({ value, schema }: Broken): Said {
  const values = (schema.enum ?? []).map(String)
  const near = typeof value === 'string' ? didYouMean(value, values) : undefined
  return { what: `is ${show(value)}`, why: `it must be ${orList(values)}`, fix: near ?? `Write ${orList(values)}.` }
}

function outOfBounds({ value, schema }: Broken): Said {
  const { minimum, maximum, pattern } = schema
  const what = `is ${show(value)}`
  if (pattern === QUANTITY)
    return {
      what,
      why: 'it is no quantity',
      fix: `Write ${nearQuantity(value) ?? 'a number and a unit, such as 2, 500m, 400Mi or 2Gi'}.`,
    }
  if (pattern !== undefined) return { what, why: `it must match ${pattern}` }
  if (typeof value === 'number' && minimum !== undefined && maximum !== undefined) {
    return {
      what,
      why: `it must be between ${minimum} and ${maximum}`,
      fix: `Write a number from ${minimum} to ${maximum}.`,
    }
  }
  if (typeof value === 'number' && minimum !== undefined) {
    return { what, why: `it must be at least ${minimum}`, fix: `Write ${minimum} or more.` }
  }
  if (typeof value === 'number') return { what, why: `it must be at most ${maximum}`, fix: `Write ${maximum} or less.` }
  return {
    what,
    why: 'it must not be empty',
    fix: Array.isArray(value) ? 'Write at least one item.' : 'Write a value.',
  }
}

/** Fields of the design that this version cannot use yet, by kind. */
const LATER: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  TrainingJob: {
    torch: 'Write command: [torchrun, train.py] or the program itself.',
    megatron: 'Write the program and its arguments as command.',
    torchtitan: 'Write the program and its arguments as command.',
    deepspeed: 'Write the program and its arguments as command.',
  },
}

export function unknownField(kind: string, root: StructuralSchema, path: FieldPath): Problem {
  const name = String(path.at(-1))
  const known = Object.keys(schemaAt(root, path.slice(0, -1))?.properties ?? {})
  const later = path[0] === 'spec' && path.length <= 3 ? LATER[kind]?.[name] : undefined
  const near = later ? undefined : didYouMean(name, known)
  const parent = formatFieldPath(path.slice(0, -1)) || 'a declaration'
  return {
    field: formatFieldPath(path),
    what: later ? 'cannot be used yet' : 'is no field that is known',
    fix: near ?? later ?? `Remove it; ${parent} has ${orList(known)}.`,
  }
}

/** Whether the unknown field at `unknown` is a misspelt `missing`: then one of the two is told, not both. */
export function isMisspelt(unknown: FieldPath, missingPath: FieldPath): boolean {
  const sameParent = unknown.length === missingPath.length && unknown.slice(0, -1).every((s, i) => s === missingPath[i])
  return sameParent && nearest(String(unknown.at(-1)), [String(missingPath.at(-1))]) !== undefined
}

export function schemaAt(root: StructuralSchema, path: FieldPath): StructuralSchema | undefined {
  return path.reduce<StructuralSchema | undefined>((schema, step) => {
    if (typeof step === 'number') return schema?.items
    const { properties = {}, additionalProperties } = schema ?? {}
    if (Object.hasOwn(properties, step)) return properties[step]
    return typeof additionalProperties === 'object' ? additionalProperties : undefined
  }, root)
}

export function valueAt(whole: unknown, path: FieldPath): unknown {
  return path.reduce<unknown>(
    (value, step) =>
      value !== null && typeof value === 'object' && Object.hasOwn(value, step)
        ? (value as Record<string | number, unknown>)[step]
        : undefined,
    whole,
  )
}
