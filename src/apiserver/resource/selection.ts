/** Which objects a list or watch wants: label and field selectors as one question about an object. */
import type { Result } from '../../base/problem.ts'
import type { UnknownObject } from '../../kube/object.ts'
import {
  type FieldRequirement,
  matchesFields,
  matchesLabels,
  parseFieldSelector,
  parseLabelSelector,
} from '../../kube/selector.ts'
import { badRequest } from './refusals.ts'
import type { Resource } from './resource.ts'

export interface Selection {
  /** Nothing is left out. */
  readonly isEverything: boolean
  matches(object: UnknownObject): boolean
}

const EVERYTHING: Selection = { isEverything: true, matches: () => true }

export function parseSelection(resource: Resource, labels: string | undefined, fields: string | undefined): Selection {
  if (!labels && !fields) return EVERYTHING
  const labelTerms = resultOf(parseLabelSelector(labels ?? ''), 'labelSelector', labels)
  const fieldTerms = resultOf(parseFieldSelector(fields ?? ''), 'fieldSelector', fields)
  for (const { field } of fieldTerms) {
    if (!isSelectable(resource, field)) throw badRequest(`field label not supported: ${field}`)
  }
  return {
    isEverything: labelTerms.length === 0 && fieldTerms.length === 0,
    matches: object =>
      matchesLabels(labelTerms, object.metadata.labels) &&
      (fieldTerms.length === 0 || matchesFields(fieldTerms, fieldsOf(resource, object, fieldTerms))),
  }
}

function resultOf<T>(result: Result<T>, parameter: string, text: string | undefined): T {
  if (result.ok) return result.value
  throw badRequest(`unable to parse ${parameter} "${text}": ${result.problems[0]?.why ?? 'invalid'}`)
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
