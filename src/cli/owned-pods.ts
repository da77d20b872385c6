/** Which pods belong to an object, as a label selector: by its own selector where it has one, by our labels for our kinds. */
import { JOB_NAME, OWNER_KIND, OWNER_NAME } from '../kube/names.ts'
import type { LabelSelector, UnknownObject } from '../kube/object.ts'
import { API_VERSION } from '../spec/kinds.ts'

/** Undefined for kinds that have no pods. */
export function podSelectorOf(object: UnknownObject): string | undefined {
  const { apiVersion, kind, metadata } = object
  if (apiVersion === API_VERSION) return `${OWNER_KIND}=${kind.toLowerCase()},${OWNER_NAME}=${metadata.name}`
  if (apiVersion === 'batch/v1' && kind === 'Job') return `${JOB_NAME}=${metadata.name}`
  const selector = (object.spec as { readonly selector?: LabelSelector & Record<string, string> } | undefined)?.selector
  if (!selector) return undefined
  return kind === 'Service' ? equalities(selector) : selectorText(selector)
}

const equalities = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',')

function selectorText({ matchLabels = {}, matchExpressions = [] }: LabelSelector): string {
  const sets = matchExpressions.map(({ key, operator, values = [] }) => {
    if (operator === 'Exists') return key
    if (operator === 'DoesNotExist') return `!${key}`
    return `${key} ${operator === 'In' ? 'in' : 'notin'} (${values.join(',')})`
  })
  return [equalities(matchLabels), ...sets].filter(Boolean).join(',')
}
