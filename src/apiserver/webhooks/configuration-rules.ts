/** What configurations of webhooks, policies and bindings may say; expressions have to compile (pkg/apis/admissionregistration/validation). */
import { compileExpression } from '../../kube/cel/compile.ts'
import { type CelType, DYN } from '../../kube/cel/types.ts'
import type { UnknownObject } from '../../kube/object.ts'
import { checkName, qualifiedName } from '../kinds/names.ts'
import { denied, duplicate, type FieldError, invalid, notSupported, required } from '../resource/field-error.ts'
import type { NamedExpression } from './conditions.ts'
import type { Webhook } from './hooks.ts'
import type { Rule } from './matching.ts'
import type { Binding, Policy } from './policies.ts'

type Errors = readonly FieldError[]

const REQUEST: readonly string[] = ['object', 'oldObject', 'request', 'namespaceObject']
const scope = (...more: readonly string[]): ReadonlyMap<string, CelType> =>
  new Map([...REQUEST, ...more].map(name => [name, DYN]))

function expressionProblems(
  field: string,
  text: string | undefined,
  wanted: string | undefined,
  variables: ReadonlyMap<string, CelType>,
): Errors {
  if (!text?.trim()) return [required(field, wanted === 'bool' ? 'expression is not specified' : '')]
  const compiled = compileExpression(text, variables)
  if ('issues' in compiled) return [invalid(field, text, `compilation failed: ${compiled.issues}`)]
  const { name } = compiled.program.type
  return wanted === undefined || name === wanted
    ? []
    : [invalid(field, text, `must evaluate to ${wanted} but got ${name}`)]
}

function conditionProblems(at: string, conditions: readonly NamedExpression[] = [], variables = scope()): Errors {
  return conditions.flatMap(({ name, expression }, i) => {
    const field = `${at}[${i}]`
    const isTwice = conditions.findIndex(each => each.name === name) < i
    return [
      ...expressionProblems(`${field}.expression`, expression, 'bool', variables),
      ...(name ? checkName(qualifiedName, `${field}.name`, name) : [required(`${field}.name`)]),
      ...(isTwice && name ? [duplicate(`${field}.name`, name)] : []),
    ]
  })
}

const OPERATIONS = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE']

function ruleProblems(at: string, rules: readonly Rule[] = []): Errors {
  return rules.flatMap((rule, i) => {
    const field = `${at}[${i}]`
    const { operations = [], resources = [] } = rule
    const lists = ['operations', 'apiGroups', 'apiVersions', 'resources'] as const
    const hasAll = resources.includes('*/*') && resources.length > 1
    return [
      ...lists.flatMap(key => (rule[key]?.length ? [] : [required(`${field}.${key}`)])),
      ...operations.flatMap((operation, j) =>
        OPERATIONS.includes(operation) ? [] : [notSupported(`${field}.operations[${j}]`, operation, OPERATIONS)],
      ),
      ...(hasAll
        ? [invalid(`${field}.resources`, resources, "if '*/*' is present, must not specify other resources")]
        : []),
    ]
  })
}

/** The conditions of webhooks; the rest of a configuration is judged beside the other built-in kinds. */
export function webhookConditionProblems(object: UnknownObject): Errors {
  const { webhooks = [] } = object as unknown as { readonly webhooks?: readonly Webhook[] }
  return webhooks.flatMap(({ matchConditions }, i) =>
    conditionProblems(`webhooks[${i}].matchConditions`, matchConditions),
  )
}

export function validatePolicy(object: UnknownObject): Errors {
  const { spec } = object as unknown as Policy
  const {
    validations = [],
    variables = [],
    matchConstraints,
    matchConditions,
    paramKind,
    auditAnnotations = [],
  } = spec ?? {}
  const params = paramKind ? ['params'] : []
  const all = scope(...params, ...(variables.length > 0 ? ['variables'] : []))
  const isEmpty = validations.length === 0 && auditAnnotations.length === 0
  const oneOf = 'validations or auditAnnotations must contain at least one item'
  return [
    ...(matchConstraints
      ? ruleProblems('spec.matchConstraints.resourceRules', matchConstraints.resourceRules)
      : [required('spec.matchConstraints')]),
    ...conditionProblems('spec.matchConditions', matchConditions, scope(...params)),
    ...variables.flatMap(({ name, expression }, i) => [
      ...(/^[A-Za-z_]\w*$/.test(name ?? '')
        ? []
        : [invalid(`spec.variables[${i}].name`, name ?? '', 'must be a valid CEL identifier')]),
      ...expressionProblems(
        `spec.variables[${i}].expression`,
        expression,
        undefined,
        scope(...params, ...(i > 0 ? ['variables'] : [])),
      ),
    ]),
    ...(isEmpty ? [required('spec.validations', oneOf), required('spec.auditAnnotations', oneOf)] : []),
    ...validations.flatMap((validation, i) => validationProblems(validation, `spec.validations[${i}]`, all)),
  ]
}

const REASONS = ['Forbidden', 'Invalid', 'RequestEntityTooLarge', 'Unauthorized']

function validationProblems(
  { expression, message, messageExpression, reason }: NonNullable<Policy['spec']['validations']>[number],
  at: string,
  variables: ReadonlyMap<string, CelType>,
): Errors {
  return [
    ...expressionProblems(`${at}.expression`, expression, 'bool', variables),
    ...(message && /[\n\r]/.test(message) ? [invalid(`${at}.message`, message, 'must not contain line breaks')] : []),
    ...(messageExpression ? expressionProblems(`${at}.messageExpression`, messageExpression, 'string', variables) : []),
    ...(reason === undefined || REASONS.includes(reason)
      ? []
      : [notSupported(`${at}.reason`, reason, REASONS.slice(0, 3))]),
  ]
}

const ACTIONS = ['Audit', 'Deny', 'Warn']
const BOTH =
  'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)'

export function validateBinding(object: UnknownObject): Errors {
  const { policyName, paramRef, validationActions = [] } = (object as unknown as Binding).spec ?? {}
  const at = 'spec.validationActions'
  return [
    ...(policyName ? [] : [required('spec.policyName')]),
    ...(paramRef ? paramProblems(paramRef) : []),
    ...(validationActions.length === 0 ? [required(at)] : []),
    ...validationActions.flatMap((action, i) => [
      ...(ACTIONS.includes(action) ? [] : [notSupported(`${at}[${i}]`, action, ACTIONS)]),
      ...(validationActions.indexOf(action) < i ? [duplicate(`${at}[${i}]`, action)] : []),
    ]),
    ...(validationActions.includes('Deny') && validationActions.includes('Warn')
      ? [invalid(at, validationActions, BOTH)]
      : []),
  ]
}

function paramProblems({ name, selector, parameterNotFoundAction }: NonNullable<Binding['spec']['paramRef']>): Errors {
  const at = 'spec.paramRef'
  const exclusive = 'name and selector are mutually exclusive'
  return [
    ...(name && selector ? [denied(`${at}.name`, exclusive), denied(`${at}.selector`, exclusive)] : []),
    ...(!name && !selector ? [required(at, 'one of name or selector must be specified')] : []),
    ...(parameterNotFoundAction ? [] : [required(`${at}.parameterNotFoundAction`)]),
  ]
}
