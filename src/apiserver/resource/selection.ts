/** Which objects a list or watch wants: label and field selectors as one question about an object. */
import type { Result } from '../../base/problem.ts'
import type { UnknownObject } from '../../kube/object.ts'
import {
  type FieldRequirement,
  type LabelRequirement,
  matchesFields,
  matchesLabels,
  parseFieldSelector,
  parseLabelSelector,
} from '../../kube/selector.ts'
import type { Encoded } from '../store/encoded.ts'
import { badRequest } from './refusals.ts'
import type { Resource } from './resource.ts'

export interface Selection {
  /** Nothing is left out. */
  readonly isEverything: boolean
  matches(object: UnknownObject): boolean
  /** False where an object's text alone says that it is not wanted. */
  mayMatch(text: string): boolean
  /** `matches` of a stored object, which is only parsed where its text leaves it open. */
  selects(entry: Encoded): boolean
}

const EVERYTHING: Selection = { isEverything: true, matches: () => true, mayMatch: () => true, selects: () => true }

export function parseSelection(resource: Resource, labels: string | undefined, fields: string | undefined): Selection {
  if (!labels && !fields) return EVERYTHING
  const labelTerms = resultOf(parseLabelSelector(labels ?? ''))
  const fieldTerms = resultOf(parseFieldSelector(fields ?? ''))
  for (const { field } of fieldTerms) {
    if (!isSelectable(resource, field)) throw badRequest(whyNotSelectable(resource, field))
  }
  if (labelTerms.length === 0 && fieldTerms.length === 0) return EVERYTHING
  const matches = (object: UnknownObject): boolean =>
    matchesLabels(labelTerms, object.metadata.labels) &&
    (fieldTerms.length === 0 || matchesFields(fieldTerms, fieldsOf(resource, object, fieldTerms)))
  const needed = [...labelTerms.flatMap(neededForLabel), ...fieldTerms.flatMap(neededForField)]
  const mayMatch = (text: string): boolean => needed.every(part => text.includes(part))
  const selects = (entry: Encoded): boolean => mayMatch(entry.text) && matches(entry.peek())
  return { isEverything: false, matches, mayMatch, selects }
}

const pair = (key: string, value: string): string => `${JSON.stringify(key)}:${JSON.stringify(value)}`

/** What the text of every selected object holds. */
function neededForLabel({ key, operator, values }: LabelRequirement): readonly string[] {
  if (operator === 'Exists') return [`${JSON.stringify(key)}:`]
  return operator === 'In' && values.length === 1 ? values.map(value => pair(key, value)) : []
}

/** Other fields may be derived from what the text says. */
const neededForField = ({ field, operator, value }: FieldRequirement): readonly string[] =>
  operator === '=' && value !== '' && (field === 'metadata.name' || field === 'metadata.namespace')
    ? [pair(field.slice('metadata.'.length), value)]
    : []

function resultOf<T>(result: Result<T>): T {
  if (result.ok) return result.value
  throw badRequest(result.problems[0]?.why ?? 'invalid')
}

/** Upstream's kinds refuse in different words, by how they were registered. */
function whyNotSelectable({ selectableFields, info, isCustom }: Resource, field: string): string {
  if (info.group === 'batch') return `field label "${field}" not supported for ${info.kind}`
  return Object.keys(selectableFields).length > 0 || isCustom
    ? `field label not supported: ${field}`
    : `"${field}" is not a known field selector: only "metadata.name", "metadata.namespace"`
}

const isSelectable = (resource: Resource, field: string): boolean =>
  field === 'metadata.name' || field === 'metadata.namespace' || Object.hasOwn(resource.selectableFields, field)

function fieldsOf(resource: Resource, object: UnknownObject, terms: readonly FieldRequirement[]) {
  return Object.fromEntries(
    terms.map(({ field }) => [
      field,
      field === 'metadata.name'
        ? object.metadata.name
        : field === 'metadata.namespace'
          ? object.metadata.namespace
          : resource.selectableFields[field]?.(object),
    ]),
  )
}
