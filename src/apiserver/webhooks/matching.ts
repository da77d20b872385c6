/** Which requests a webhook or a policy is about: rules, and selectors over the object and its namespace (apiserver's pkg/admission/plugin/webhook). */
import type { LabelSelector, UnknownObject } from '../../kube/object.ts'
import { selects } from '../../kube/selector.ts'
import type { AdmissionRequest } from '../admission/stage.ts'
import type { Store } from '../store/store.ts'

export interface Rule {
  readonly operations?: readonly string[]
  readonly apiGroups?: readonly string[]
  readonly apiVersions?: readonly string[]
  readonly resources?: readonly string[]
  readonly resourceNames?: readonly string[]
  readonly scope?: string
}

export interface Selectors {
  readonly namespaceSelector?: LabelSelector
  readonly objectSelector?: LabelSelector
}

const allows = (list: readonly string[] | undefined, value: string): boolean =>
  list?.some(each => each === '*' || each === value) ?? false

export function ruleMatches(rule: Rule, request: AdmissionRequest, operation: string = request.operation): boolean {
  const { info } = request.resource
  const { scope = '*', resourceNames = [] } = rule
  return (
    allows(rule.operations, operation) &&
    allows(rule.apiGroups, info.group) &&
    // One rule for a version concerns all versions of the resource (matchPolicy Equivalent).
    (rule.apiVersions?.length ?? 0) > 0 &&
    (scope === '*' || (scope === 'Namespaced') === info.namespaced) &&
    (resourceNames.length === 0 || resourceNames.includes(request.name)) &&
    (rule.resources?.some(each => resourceMatches(each, info.plural, request.subresource)) ?? false)
  )
}

/** `pods`, `pods/status`, `pods/*`, `*`, status of everything, everything. */
function resourceMatches(pattern: string, plural: string, subresource: string | undefined): boolean {
  const [resource, part] = pattern.split('/')
  if (resource !== '*' && resource !== plural) return false
  return part === undefined ? subresource === undefined : part === '*' || part === subresource
}

export function selectorsMatch(store: Store, selectors: Selectors, request: AdmissionRequest): boolean {
  const { namespaceSelector, objectSelector } = selectors
  return namespaceMatches(store, namespaceSelector, request) && objectMatches(objectSelector, request)
}

export const namespaceOf = (store: Store, request: AdmissionRequest): UnknownObject | undefined =>
  request.namespace === undefined
    ? undefined
    : store.get({ resource: 'namespaces', namespace: '', name: request.namespace })

function namespaceMatches(store: Store, selector: LabelSelector | undefined, request: AdmissionRequest): boolean {
  if (isEverything(selector)) return true
  const isNamespace = request.resource.storedAs === 'namespaces'
  // Cluster-scoped objects are in no namespace that could be left out; a Namespace is judged by its own labels.
  if (request.namespace === undefined && !isNamespace) return true
  const namespace = isNamespace ? (request.object ?? request.old) : namespaceOf(store, request)
  return selects(selector, namespace?.metadata.labels ?? {})
}

const objectMatches = (selector: LabelSelector | undefined, { object, old }: AdmissionRequest): boolean =>
  isEverything(selector) || [object, old].some(each => each && selects(selector, each.metadata.labels ?? {}))

const isEverything = (selector: LabelSelector | undefined): boolean =>
  !selector || (Object.keys(selector.matchLabels ?? {}).length === 0 && (selector.matchExpressions?.length ?? 0) === 0)
