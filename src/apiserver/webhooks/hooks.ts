/**
 * Webhooks in their order: those that change the object one after the other by name, some once more when a later one changed what they had
 * seen; then those that only judge, all at once (apiserver's plugin/webhook/mutating and validating).
 */
import { isSame } from '../../kube/equal.ts'
import type { UnknownObject } from '../../kube/object.ts'
import { applyJsonPatch } from '../../kube/patch/json-patch.ts'
import { type ApiError, apiError, isApiError, type StatusReason } from '../../kube/status.ts'
import type { WebhookClientConfig } from '../../kube/workloads.ts'
import type { AdmissionRequest } from '../admission/stage.ts'
import type { Store } from '../store/store.ts'
import { attributesOf } from './attributes.ts'
import { endpointOf, post } from './client.ts'
import { allHold, type NamedExpression, valuesOf } from './conditions.ts'
import { type Rule, ruleMatches, type Selectors, selectorsMatch } from './matching.ts'

export interface Webhook extends Selectors {
  readonly name: string
  readonly clientConfig: WebhookClientConfig
  readonly rules?: readonly Rule[]
  readonly failurePolicy?: 'Fail' | 'Ignore'
  readonly timeoutSeconds?: number
  readonly sideEffects?: string
  readonly admissionReviewVersions?: readonly string[]
  readonly reinvocationPolicy?: string
  readonly matchConditions?: readonly NamedExpression[]
}

export interface HookedRequest extends AdmissionRequest {
  readonly dryRun?: boolean
}

const GROUP = 'admissionregistration.k8s.io'
const MUTATING = `${GROUP}/mutatingwebhookconfigurations`
const VALIDATING = `${GROUP}/validatingwebhookconfigurations`

/** Configurations by name; a webhook of a configuration after those before it. */
function webhooksFor(store: Store, place: string, request: HookedRequest): readonly Webhook[] {
  if (request.resource.info.group === GROUP) return []
  const configurations = store.list({ resource: place }).items as unknown as readonly {
    webhooks?: readonly Webhook[]
  }[]
  return configurations
    .flatMap(({ webhooks = [] }) => webhooks)
    .filter(({ rules = [] }) => rules.some(rule => ruleMatches(rule, request)))
}

/** Whether a write has to wait for anybody. */
export const isHooked = (store: Store, request: HookedRequest): boolean =>
  webhooksFor(store, MUTATING, request).length > 0 || webhooksFor(store, VALIDATING, request).length > 0

/** The object as webhooks want it; `complete` puts a changed object in order. Throws ApiError for a write that one of them denies. */
export async function askWebhooks(
  store: Store,
  request: HookedRequest,
  complete: (changed: UnknownObject) => UnknownObject,
): Promise<UnknownObject | undefined> {
  const object = await mutated(store, request, complete)
  const final = object === undefined ? request : { ...request, object }
  const judges = webhooksFor(store, VALIDATING, final)
  // All are asked at once; the first in order that says no is the one that is told.
  const refusals = await Promise.all(judges.map(webhook => refusalOf(store, webhook, final)))
  const first = refusals.find(refusal => refusal !== undefined)
  if (first) throw first
  return object
}

const refusalOf = (store: Store, webhook: Webhook, request: HookedRequest): Promise<ApiError | undefined> =>
  ask(store, webhook, request).then(
    () => undefined,
    error => {
      if (isApiError(error)) return error
      throw error
    },
  )

async function mutated(
  store: Store,
  request: HookedRequest,
  complete: (changed: UnknownObject) => UnknownObject,
): Promise<UnknownObject | undefined> {
  let { object } = request
  const webhooks = webhooksFor(store, MUTATING, request)
  /** What each had made of the object, to see whether a later one changed it. */
  const seen: (UnknownObject | undefined)[] = []
  const turn = async (webhook: Webhook, i: number): Promise<void> => {
    const now = object === undefined ? request : { ...request, object }
    const patch = await ask(store, webhook, now)
    if (patch !== undefined && object !== undefined) object = complete(patchedBy(webhook, object, patch))
    seen[i] = object
  }
  for (const [i, webhook] of webhooks.entries()) await turn(webhook, i)
  for (const [i, webhook] of webhooks.entries()) {
    if (webhook.reinvocationPolicy === 'IfNeeded' && !isSame(seen[i], object)) await turn(webhook, i)
  }
  return object
}

function patchedBy(webhook: Webhook, object: UnknownObject, patch: string): UnknownObject {
  try {
    const operations: unknown = JSON.parse(Buffer.from(patch, 'base64').toString('utf8'))
    return applyJsonPatch(object, operations) as UnknownObject
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw calling(webhook, `received undecodable patch in webhook response: ${why}`)
  }
}

const calling = ({ name }: Webhook, why: string): ApiError =>
  apiError('InternalError', `Internal error occurred: failed calling webhook "${name}": ${why}`, {
    causes: [{ message: `failed calling webhook "${name}": ${why}` }],
  })

interface Review {
  readonly response?: {
    readonly uid?: string
    readonly allowed?: boolean
    readonly status?: { readonly message?: string; readonly reason?: string; readonly code?: number }
    readonly warnings?: readonly string[]
    readonly patch?: string
    readonly patchType?: string
  }
}

const DEFAULT_TIMEOUT_SECONDS = 10

/** The patch that a webhook answers, if any, in base64. Throws when it denies, or fails where that counts as denying. */
async function ask(store: Store, webhook: Webhook, request: HookedRequest): Promise<string | undefined> {
  if (!selectorsMatch(store, webhook, request)) return undefined
  const isFatal = webhook.failurePolicy !== 'Ignore'
  const verdict = allHold(webhook.matchConditions ?? [], valuesOf(store, request, request.dryRun ?? false))
  if (verdict === 'no') return undefined
  if (verdict !== 'yes') {
    if (!isFatal) return undefined
    throw apiError('Forbidden', `webhook "${webhook.name}" matchConditions could not be evaluated: ${verdict.error}`)
  }
  if (request.dryRun && !['None', 'NoneOnDryRun'].includes(webhook.sideEffects ?? '')) {
    throw apiError('BadRequest', `admission webhook "${webhook.name}" does not support dry run`)
  }
  let review: Review
  const attributes = attributesOf(request, request.dryRun ?? false)
  try {
    review = await called(store, webhook, {
      ...attributes,
      object: request.object ?? null,
      oldObject: request.old ?? null,
    })
  } catch (error) {
    if (!isFatal) return undefined
    throw calling(webhook, `failed to call webhook: ${error instanceof Error ? error.message : String(error)}`)
  }
  const { response } = review
  if (!response || response.uid !== attributes.uid) {
    if (!isFatal) return undefined
    throw calling(
      webhook,
      `received invalid webhook response: expected response.uid=${JSON.stringify(attributes.uid)}, got ${JSON.stringify(response?.uid ?? '')}`,
    )
  }
  for (const warning of response.warnings ?? []) request.warn?.(warning)
  if (!response.allowed) throw denied(webhook, response.status)
  return response.patch || undefined
}

async function called(
  store: Store,
  { clientConfig, timeoutSeconds = DEFAULT_TIMEOUT_SECONDS }: Webhook,
  request: object,
): Promise<Review> {
  const endpoint = endpointOf(store, clientConfig)
  if (typeof endpoint === 'string') throw new Error(endpoint)
  const body = { kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1', request }
  return (await post(endpoint, body, timeoutSeconds)) as Review
}

function denied({ name }: Webhook, status: NonNullable<Review['response']>['status'] = {}): ApiError {
  const by = `admission webhook "${name}" denied the request`
  const said = status.message || status.reason
  const message = said ? `${by}: ${said}` : `${by} without explanation`
  const reason = REASONS[status.code ?? 400] ?? 'BadRequest'
  return apiError(reason, message)
}

const REASONS: Readonly<Record<number, StatusReason>> = {
  400: 'BadRequest',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
  422: 'Invalid',
  500: 'InternalError',
}
