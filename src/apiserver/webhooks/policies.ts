/** ValidatingAdmissionPolicy and its bindings: a stage that decides in CEL, within the write (apiserver's plugin/policy/validating). */
import { DYN } from '../../kube/cel/types.ts'
import { fromJson } from '../../kube/cel/values.ts'
import { BUILT_IN_KINDS } from '../../kube/kinds.ts'
import type { LabelSelector, UnknownObject } from '../../kube/object.ts'
import { selects } from '../../kube/selector.ts'
import { apiError, type StatusReason } from '../../kube/status.ts'
import type { CustomResourceDefinition } from '../../kube/workloads.ts'
import { type AdmissionRequest, refused, type Stage } from '../admission/stage.ts'
import { qualifiedResource } from '../resource/refusals.ts'
import { storedAs } from '../resource/resource.ts'
import type { Store } from '../store/store.ts'
import { allHold, evaluate, type NamedExpression, type Values, valuesOf, withVariables } from './conditions.ts'
import { type Rule, ruleMatches, type Selectors, selectorsMatch } from './matching.ts'

const GROUP = 'admissionregistration.k8s.io'

interface MatchResources extends Selectors {
  readonly resourceRules?: readonly Rule[]
  readonly excludeResourceRules?: readonly Rule[]
}

interface Validation {
  readonly expression: string
  readonly message?: string
  readonly messageExpression?: string
  readonly reason?: StatusReason
}

export interface Policy extends UnknownObject {
  readonly spec: {
    readonly matchConstraints?: MatchResources
    readonly paramKind?: { readonly apiVersion: string; readonly kind: string }
    readonly validations?: readonly Validation[]
    readonly matchConditions?: readonly NamedExpression[]
    readonly variables?: readonly NamedExpression[]
    readonly auditAnnotations?: readonly unknown[]
    readonly failurePolicy?: 'Fail' | 'Ignore'
  }
}

export interface Binding extends UnknownObject {
  readonly spec: {
    readonly policyName: string
    readonly matchResources?: MatchResources
    readonly validationActions?: readonly string[]
    readonly paramRef?: {
      readonly name?: string
      readonly namespace?: string
      readonly selector?: LabelSelector
      readonly parameterNotFoundAction?: string
    }
  }
}

/** Whether writes are judged by expressions: then these have to be there before the first write. */
export const hasExpressions = (store: Store): boolean =>
  ['validatingadmissionpolicies', 'validatingwebhookconfigurations', 'mutatingwebhookconfigurations'].some(
    plural => store.list({ resource: `${GROUP}/${plural}` }, { limit: 1 }).items.length > 0,
  )

export const VALIDATING_POLICIES: Stage = {
  name: 'ValidatingAdmissionPolicy',
  check(request, { store }) {
    if (request.resource.info.group === GROUP) return
    const bindings = store.list({ resource: `${GROUP}/validatingadmissionpolicybindings` }).items as readonly Binding[]
    for (const binding of bindings) judge(store, request, binding)
  },
}

function judge(store: Store, request: AdmissionRequest, binding: Binding): void {
  const key = { resource: `${GROUP}/validatingadmissionpolicies`, namespace: '', name: binding.spec.policyName }
  const policy = store.get(key) as Policy | undefined
  if (!policy || !isAbout(store, policy.spec.matchConstraints, request)) return
  if (binding.spec.matchResources && !isAbout(store, binding.spec.matchResources, request, true)) return
  const values = valuesOf(store, request)
  for (const params of paramsOf(store, request, policy, binding)) {
    const all = withVariables({ ...values, params: fromJson(params, DYN) }, policy.spec.variables ?? [])
    judgeWith(policy, binding, request, all)
  }
}

/** A binding that names no rules narrows by selectors alone. */
function isAbout(store: Store, match: MatchResources = {}, request: AdmissionRequest, mayLackRules = false): boolean {
  const { resourceRules = [], excludeResourceRules = [] } = match
  const isNamed = mayLackRules && resourceRules.length === 0
  return (
    !excludeResourceRules.some(rule => ruleMatches(rule, request)) &&
    (isNamed || resourceRules.some(rule => ruleMatches(rule, request))) &&
    selectorsMatch(store, match, request)
  )
}

function judgeWith({ metadata, spec }: Policy, binding: Binding, request: AdmissionRequest, values: Values): void {
  const isFatal = spec.failurePolicy !== 'Ignore'
  const verdict = allHold(spec.matchConditions ?? [], values)
  if (verdict === 'no') return
  if (verdict !== 'yes') {
    if (isFatal) deny(metadata.name ?? '', binding, request, verdict.error)
    return
  }
  for (const validation of spec.validations ?? []) {
    const why = failure(validation, values, isFatal)
    if (why !== undefined) deny(metadata.name ?? '', binding, request, why, validation.reason)
  }
}

/** Why a validation does not hold; undefined where it does. */
function failure(
  { expression, message, messageExpression }: Validation,
  values: Values,
  isFatal: boolean,
): string | undefined {
  const outcome = evaluate(expression, values)
  if (outcome.kind !== 'value') {
    return isFatal ? `expression '${expression}' resulted in error: ${outcome.message}` : undefined
  }
  if (outcome.value === true) return undefined
  const said = messageExpression ? evaluate(messageExpression, values) : undefined
  const text = said?.kind === 'value' && typeof said.value === 'string' ? said.value.trim() : ''
  if (text !== '' && text.length <= MAX_MESSAGE && !text.includes('\n')) return text
  return message ? message.trim() : `failed expression: ${expression.trim()}`
}

const MAX_MESSAGE = 5 * 1024

function deny(
  policy: string,
  binding: Binding,
  request: AdmissionRequest,
  why: string,
  reason: StatusReason = 'Invalid',
): void {
  const actions = binding.spec.validationActions ?? ['Deny']
  const name = binding.metadata.name ?? ''
  if (actions.includes('Warn')) {
    request.warn?.(`Validation failed for ValidatingAdmissionPolicy '${policy}' with binding '${name}': ${why}`)
  }
  if (!actions.includes('Deny')) return
  const message = `ValidatingAdmissionPolicy '${policy}' with binding '${name}' denied request: ${why}`
  const { info } = request.resource
  throw apiError(reason, `${qualifiedResource(info)} "${request.name}" is forbidden: ${message}`, {
    name: request.name,
    ...(info.group && { group: info.group }),
    kind: info.plural,
    causes: [{ message }],
  })
}

/** The parameters to judge with, one after the other; `[undefined]` for a policy that takes none. */
function paramsOf(
  store: Store,
  request: AdmissionRequest,
  { spec }: Policy,
  binding: Binding,
): readonly (UnknownObject | undefined)[] {
  const { paramRef } = binding.spec
  if (!spec.paramKind || !paramRef) return [undefined]
  const place = placeOf(store, spec.paramKind)
  const namespace = place?.namespaced ? (paramRef.namespace ?? request.namespace ?? '') : ''
  const found = !place
    ? []
    : paramRef.name
      ? [store.get({ resource: place.storedAs, namespace, name: paramRef.name })].filter(each => each !== undefined)
      : store
          .list({ resource: place.storedAs, ...(place.namespaced && { namespace }) })
          .items.filter(each => selects(paramRef.selector, each.metadata.labels ?? {}))
  if (found.length > 0) return found
  if (paramRef.parameterNotFoundAction === 'Allow' || spec.failurePolicy === 'Ignore') return []
  const why = 'no params found for policy binding with `Deny` parameterNotFoundAction'
  throw refused(request, `failed to configure binding: ${why}`)
}

function placeOf(store: Store, { apiVersion, kind }: { readonly apiVersion: string; readonly kind: string }) {
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion]
  const builtIn = BUILT_IN_KINDS.find(each => each.kind === kind && each.group === group && each.version === version)
  if (builtIn) return { storedAs: storedAs(builtIn), namespaced: builtIn.namespaced }
  const definitions = store.list({ resource: 'apiextensions.k8s.io/customresourcedefinitions' }).items
  const crd = (definitions as unknown as readonly CustomResourceDefinition[]).find(
    ({ spec }) => spec.group === group && spec.names.kind === kind,
  )
  return crd && { storedAs: `${crd.spec.group}/${crd.spec.names.plural}`, namespaced: crd.spec.scope === 'Namespaced' }
}
