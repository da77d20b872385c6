/**
 * Label and field selectors: the text of a query (`app=web,tier in (a,b),!canary`), the `LabelSelector` of an object, and whether labels or
 * fields match. All become a list of requirements that must all hold. Follows apimachinery's labels/selector.go and fields/selector.go.
 */
import { fail, ok, type Result } from '../base/problem.ts'
import type { LabelSelector } from './object.ts'
import { type LabelRequirement, readLabelSelector, SelectorError } from './selector-text.ts'

export type { LabelRequirement } from './selector-text.ts'

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

const isInteger = (text: string | undefined): text is string => text !== undefined && /^-?\d{1,19}$/.test(text)

/** Apimachinery's parser, with its words for what it does not understand; its file says which names are legal. */
export const parseLabelSelector = (text: string): Result<readonly LabelRequirement[]> => {
  try {
    return ok(readLabelSelector(text))
  } catch (error) {
    if (!(error instanceof SelectorError)) throw error
    return fail({ field: 'labelSelector', what: `is "${text}"`, why: error.message })
  }
}

/** `spec.nodeName=node-0,status.phase!=Running`; `\,` `\=` and `\\` stand for the characters themselves. */
export function parseFieldSelector(text: string): Result<readonly FieldRequirement[]> {
  const requirements: FieldRequirement[] = []
  for (const term of splitUnescaped(text)) {
    if (term === '') continue
    const [, field = '', operator = '', value = ''] = /^((?:[^\\=!]|\\.)+)(==|!=|=)(.*)$/s.exec(term) ?? []
    const literal = unescapeValue(value)
    if (field === '' || literal === undefined) {
      return fail({
        field: 'fieldSelector',
        what: `is "${text}"`,
        why: `invalid selector: '${text}'; can't understand '${term}'`,
      })
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
