/** TokenRequest: a token for a ServiceAccount, as node agents ask for their pods (serviceaccounts/token). */
import type { KeyObject } from 'node:crypto'
import { formatTime } from '../../base/clock.ts'
import type { Pod } from '../../kube/core.ts'
import type { UnknownObject } from '../../kube/object.ts'
import { check } from '../admission/chain.ts'
import { type Bindings, type BoundObject, ISSUER, signToken } from '../auth/service-account-token.ts'
import type { Store } from '../store/store.ts'
import { type FieldError, invalid, invalidObject } from './field-error.ts'
import { admissionOf } from './new-object.ts'
import { getObject, type Target } from './read.ts'
import { badRequest, conflict, notFound } from './refusals.ts'
import type { Subresource } from './subresource.ts'

interface BoundObjectRef {
  readonly apiVersion?: string
  readonly kind?: string
  readonly name?: string
  readonly uid?: string
}

interface TokenRequest extends UnknownObject {
  readonly spec?: {
    readonly audiences?: readonly string[]
    readonly expirationSeconds?: number
    readonly boundObjectRef?: BoundObjectRef
  }
}

const REQUEST = { group: 'authentication.k8s.io', kind: 'TokenRequest', plural: 'TokenRequest' }
const DEFAULT_SECONDS = 3600
const LEAST_SECONDS = 600
const MOST_SECONDS = 2 ** 32
/** A kube-api-access volume asks for an hour and seven seconds; upstream gives a year to clients that never read the file again. */
const VOLUME_SECONDS = 3607
const YEAR_SECONDS = 365 * 24 * 3600

export const tokenSubresource = (key: KeyObject): Subresource => ({
  kind: ['authentication.k8s.io/v1', 'TokenRequest'],
  create: async ({ store, clock }, target, body, request) => {
    const { name, namespace = '' } = target
    const { spec = {}, metadata } = body as TokenRequest
    const { expirationSeconds = DEFAULT_SECONDS, boundObjectRef } = spec
    const audiences = spec.audiences?.length ? spec.audiences : [ISSUER]
    refuseWrong(nameErrors(target, metadata), name)
    const uid = getObject(store, target).metadata.uid ?? ''
    if (metadata.uid && metadata.uid !== uid) {
      const why = `the UID in the token request (${metadata.uid}) does not match the UID of the service account (${uid})`
      throw conflict(REQUEST, name, why)
    }
    refuseWrong(timeErrors(expirationSeconds), '')
    check({ ...admissionOf(target, { ...request, subresource: 'token' }, 'CREATE'), object: body }, { store, clock })
    const isVolume =
      expirationSeconds === VOLUME_SECONDS && audiences.includes(ISSUER) && boundObjectRef?.kind === 'Pod'
    const token = signToken(key, {
      namespace,
      account: { name, uid },
      ...(boundObjectRef && bindings(store, target, boundObjectRef)),
      audiences,
      issuedAt: clock.now(),
      lifetimeSeconds: isVolume ? YEAR_SECONDS : expirationSeconds,
      ...(isVolume && { warnAfterSeconds: expirationSeconds }),
    })
    return {
      ...body,
      metadata: { ...metadata, name, namespace, uid, creationTimestamp: formatTime(clock.now()) },
      spec: { ...spec, audiences, expirationSeconds, boundObjectRef: boundObjectRef ?? null },
      status: { token, expirationTimestamp: formatTime(clock.now() + expirationSeconds * 1000) },
    }
  },
})

function refuseWrong(errors: readonly FieldError[], name: string): void {
  if (errors.length > 0) throw invalidObject(REQUEST, name, errors)
}

const nameErrors = (target: Target, given: UnknownObject['metadata']): readonly FieldError[] =>
  (['name', 'namespace'] as const)
    .filter(field => given[field] && given[field] !== target[field])
    .slice(0, 1)
    .map(field => invalid(`metadata.${field}`, given[field], `must match the service account ${field} if specified`))

function timeErrors(seconds: number): readonly FieldError[] {
  const wrong = (detail: string) => [invalid('spec.expirationSeconds', seconds, `may not specify a duration ${detail}`)]
  if (seconds < LEAST_SECONDS) return wrong('less than 10 minutes')
  return seconds > MOST_SECONDS ? wrong('larger than 2^32 seconds') : []
}

const KINDS = {
  Pod: { group: '', plural: 'pods', kind: 'Pod' },
  Secret: { group: '', plural: 'secrets', kind: 'Secret' },
  Node: { group: '', plural: 'nodes', kind: 'Node' },
} as const

function bindings(store: Store, { name: account, namespace = '' }: Target, ref: BoundObjectRef): Bindings {
  const { apiVersion = 'v1', kind = '', uid } = ref
  const [version = '', group = ''] = apiVersion.split('/').reverse()
  if (group !== '' || !(kind in KINDS)) {
    const shown = `${group}/${version}, Kind=${kind}`
    throw badRequest(`cannot bind token to object of type ${shown}`)
  }
  const { plural, ...rest } = KINDS[kind as keyof typeof KINDS]
  const name = ref.name ?? ''
  const found = store.get({ resource: plural, namespace: kind === 'Node' ? '' : namespace, name })
  if (!found) throw notFound({ plural, ...rest }, name)
  const bound = { name, uid: found.metadata.uid ?? '' }
  const pod = kind === 'Pod' ? (found as unknown as Pod) : undefined
  if (pod && pod.spec.serviceAccountName !== account) {
    throw badRequest(
      `cannot bind token for serviceaccount ${JSON.stringify(account)} to pod running with different serviceaccount name.`,
    )
  }
  if (uid && uid !== bound.uid) {
    const why = `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`
    throw conflict({ ...rest, plural: kind }, name, why)
  }
  if (pod) return { pod: bound, ...nodeOf(store, pod) }
  return kind === 'Node' ? { node: bound } : { secret: bound }
}

function nodeOf(store: Store, { spec: { nodeName } }: Pod): { readonly node?: BoundObject } {
  if (!nodeName) return {}
  const uid = store.get({ resource: 'nodes', namespace: '', name: nodeName })?.metadata.uid ?? ''
  return { node: { name: nodeName, uid } }
}
