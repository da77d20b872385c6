/**
 * Label and field selectors: the text of a query (`app=web,tier in (a,b),!canary`), the `LabelSelector` of an object, and whether labels or
 * fields match. All become a list of requirements that must all hold. Follows apimachinery's labels/selector.go and fields/selector.go.
 */
import { fail, ok, type Result } from '../base/problem.ts'
import type { LabelSelector } from './object.ts'

export interface LabelRequirement {
  readonly key: string
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | 'Gt' | 'Lt'
  readonly values: readonly string[]
}

export interface FieldRequirement {
  /** `spec.nodeName`. */
  readonly field: string
  readonly operator: '=' | '!='
  readonly value: string
}

type Labels = Readonly<Record<string, string>> | undefined

/** No requirement matches everything. */
export const matchesLabels = (requirements: readonly LabelRequirement[], labels: Labels): boolean =>
  requirements.every(requirement => meets(requirement, labels))

function meets({ key, operator, values }: LabelRequirement, labels: Labels): boolean {
  const value = labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    case 'Gt':
      return isInteger(value) && BigInt(value) > BigInt(values[0]!)
    case 'Lt':
      return isInteger(value) && BigInt(value) < BigInt(values[0]!)
  }
}

/** A `LabelSelector` as requirements: an absent one matches nothing (`undefined`), an empty one everything. */
export function requirementsOf(selector: LabelSelector | undefined): readonly LabelRequirement[] | undefined {
  if (selector === undefined) return undefined
  return [
    ...Object.entries(selector.matchLabels ?? {}).map(([key, value]) => equal(key, value)),
    ...(selector.matchExpressions ?? []).map(({ key, operator, values = [] }) => ({ key, operator, values })),
  ]
}

/** Whether an object's `LabelSelector` picks these labels. */
export function selects(selector: LabelSelector | undefined, labels: Labels): boolean {
  const requirements = requirementsOf(selector)
  return requirements !== undefined && matchesLabels(requirements, labels)
}

/** A plain map of labels, as Services select by: empty or absent picks nothing there. */
export const requirementsOfMap = (labels: Labels): readonly LabelRequirement[] | undefined =>
  labels === undefined || Object.keys(labels).length === 0
    ? undefined
    : Object.entries(labels).map(([key, value]) => equal(key, value))

const equal = (key: string, value: string): LabelRequirement => ({ key, operator: 'In', values: [value] })

/** The text of requirements, which `parseLabelSelector` reads back; keys in order, as upstream prints them. */
export const formatLabelSelector = (requirements: readonly LabelRequirement[]): string =>
  [...requirements]
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(formatRequirement)
    .join(',')

function formatRequirement({ key, operator, values }: LabelRequirement): string {
  switch (operator) {
    case 'In':
      return values.length === 1 ? `${key}=${values[0]}` : `${key} in (${[...values].sort().join(',')})`
    case 'NotIn':
      return values.length === 1 ? `${key}!=${values[0]}` : `${key} notin (${[...values].sort().join(',')})`
    case 'Exists':
      return key
    case 'DoesNotExist':
      return `!${key}`
    case 'Gt':
      return `${key}>${values[0]}`
    case 'Lt':
      return `${key}<${values[0]}`
  }
}

const WORD = /[^\s,()=!<>]*/y
const KEY = /^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?$/
const VALUE = /^([A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?)?$/
const isInteger = (text: string | undefined): text is string => text !== undefined && /^-?\d{1,19}$/.test(text)

/** The form that operators between key and value take; `in` and `notin` are words and need a space. */
const OPERATORS = [
  { token: '==', operator: 'In' },
  { token: '=', operator: 'In' },
  { token: '!=', operator: 'NotIn' },
  { token: '>', operator: 'Gt' },
  { token: '<', operator: 'Lt' },
] as const

/** `app=web,tier in (a,b),!canary`. Blank text matches everything. */
export function parseLabelSelector(text: string): Result<readonly LabelRequirement[]> {
  const requirements: LabelRequirement[] = []
  let at = skipSpace(text, 0)
  while (at < text.length) {
    const read = readRequirement(text, at)
    if (typeof read === 'string') return fail(wrong(text, read))
    const bad = whyInvalid(read.requirement)
    if (bad) return fail(wrong(text, bad))
    requirements.push(read.requirement)
    if (read.end >= text.length) return ok(requirements)
    if (text[read.end] !== ',') return fail(wrong(text, `"${text[read.end]}" stands where a comma or the end belongs`))
    at = skipSpace(text, read.end + 1)
    if (at >= text.length) return fail(wrong(text, 'it ends with a comma'))
  }
  return ok(requirements)
}

const wrong = (text: string, why: string) => ({ field: 'labelSelector', what: `is "${text}"`, why })

/** One requirement from `start`; a sentence where there is none. */
function readRequirement(text: string, start: number): { requirement: LabelRequirement; end: number } | string {
  const absent = text[start] === '!'
  const key = readWord(text, absent ? start + 1 : start)
  if (key.word === '') return 'a label key is missing'
  if (absent) return { requirement: { key: key.word, operator: 'DoesNotExist', values: [] }, end: key.end }
  const form = OPERATORS.find(each => text.startsWith(each.token, key.end))
  if (form) {
    const value = readWord(text, key.end + form.token.length)
    return { requirement: { key: key.word, operator: form.operator, values: [value.word] }, end: value.end }
  }
  const set = readWord(text, key.end)
  if (set.word === '') return { requirement: { key: key.word, operator: 'Exists', values: [] }, end: key.end }
  if (set.word !== 'in' && set.word !== 'notin') return `"${set.word}" is no operator`
  const close = text.indexOf(')', set.end)
  if (text[set.end] !== '(' || close < 0) return `"${set.word}" wants its values in parentheses`
  const values = text
    .slice(set.end + 1, close)
    .split(',')
    .map(value => value.trim())
  const operator = set.word === 'in' ? 'In' : 'NotIn'
  return { requirement: { key: key.word, operator, values }, end: skipSpace(text, close + 1) }
}

function whyInvalid({ key, operator, values }: LabelRequirement): string | undefined {
  if (!KEY.test(key)) return `"${key}" cannot be a label key`
  const bad = values.find(value => !VALUE.test(value))
  if (bad !== undefined) return `"${bad}" cannot be a label value`
  if ((operator === 'Gt' || operator === 'Lt') && !isInteger(values[0])) return `"${values[0]}" is no whole number`
  return undefined
}

/** The word that begins at or after `start`, and where the next thing begins. */
function readWord(text: string, start: number): { readonly word: string; readonly end: number } {
  WORD.lastIndex = skipSpace(text, start)
  const word = WORD.exec(text)?.[0] ?? ''
  return { word, end: skipSpace(text, skipSpace(text, start) + word.length) }
}

function skipSpace(text: string, start: number): number {
  let at = start
  while (at < text.length && /\s/.test(text[at]!)) at++
  return at
}

/** `spec.nodeName=node-0,status.phase!=Running`; `\,` `\=` and `\\` stand for the characters themselves. */
export function parseFieldSelector(text: string): Result<readonly FieldRequirement[]> {
  const requirements: FieldRequirement[] = []
  for (const term of splitUnescaped(text)) {
    if (term === '') continue
    const [, field = '', operator = '', value = ''] = /^((?:[^\\=!]|\\.)+)(==|!=|=)(.*)$/s.exec(term) ?? []
    const literal = unescapeValue(value)
    if (field === '' || literal === undefined) {
      return fail({ field: 'fieldSelector', what: `is "${text}"`, why: `"${term}" is not of the form field=value` })
    }
    requirements.push({ field: field.trim(), operator: operator === '!=' ? '!=' : '=', value: literal })
  }
  return ok(requirements)
}

/** Pieces between the commas that no backslash stands before. */
const splitUnescaped = (text: string): readonly string[] => text.match(/(?:[^\\,]|\\[\s\S])+/g) ?? []

/** `undefined` where a bare `,` or `=`, or a backslash before anything else, makes the text ambiguous. */
const unescapeValue = (text: string): string | undefined =>
  /^(?:[^\\,=]|\\[\\,=])*$/.test(text) ? text.replace(/\\(.)/gs, '$1') : undefined

const escapeValue = (text: string): string => text.replace(/[\\,=]/g, '\\$&')

export const formatFieldSelector = (requirements: readonly FieldRequirement[]): string =>
  requirements.map(({ field, operator, value }) => `${field}${operator}${escapeValue(value)}`).join(',')

/** `fields` gives a field's value as text; an absent one counts as empty. */
export const matchesFields = (
  requirements: readonly FieldRequirement[],
  fields: Readonly<Record<string, string | undefined>>,
): boolean =>
  requirements.every(({ field, operator, value }) => ((fields[field] ?? '') === value) === (operator === '='))
