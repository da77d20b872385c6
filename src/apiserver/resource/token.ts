/** TokenRequest: a token for a ServiceAccount, as node agents ask for their pods (serviceaccounts/token). */
import type { KeyObject } from 'node:crypto'
import { formatTime } from '../../base/clock.ts'
import type { UnknownObject } from '../../kube/object.ts'
import { type BoundObject, ISSUER, signToken } from '../auth/service-account-token.ts'
import type { Store } from '../store/store.ts'
import { invalid, invalidObject } from './field-error.ts'
import { getObject, type Target } from './read.ts'
import { conflict, notFound } from './refusals.ts'
import type { Subresource } from './subresources.ts'

interface TokenRequest extends UnknownObject {
  readonly spec?: {
    readonly audiences?: readonly string[]
    readonly expirationSeconds?: number
    readonly boundObjectRef?: { readonly kind?: string; readonly name?: string; readonly uid?: string }
  }
}

const DEFAULT_SECONDS = 3600
const LEAST_SECONDS = 600
/** A kube-api-access volume asks for an hour and seven seconds; upstream gives a year to clients that never read the file again. */
const VOLUME_SECONDS = 3607
const YEAR_SECONDS = 365 * 24 * 3600

const PODS = { group: '', plural: 'pods', kind: 'Pod' }

export const tokenSubresource = (key: KeyObject): Subresource => ({
  kind: ['authentication.k8s.io/v1', 'TokenRequest'],
  create: async ({ store, clock }, target, body) => {
    const {
      audiences = [ISSUER],
      expirationSeconds = DEFAULT_SECONDS,
      boundObjectRef,
    } = (body as TokenRequest).spec ?? {}
    if (expirationSeconds < LEAST_SECONDS) {
      throw invalidObject({ group: 'authentication.k8s.io', kind: 'TokenRequest' }, '', [
        invalid('spec.expirationSeconds', expirationSeconds, 'may not specify a duration less than 10 minutes'),
      ])
    }
    const account = getObject(store, target)
    const pod = boundObjectRef?.kind === 'Pod' ? boundPod(store, target, boundObjectRef) : undefined
    const token = signToken(key, {
      namespace: target.namespace ?? '',
      account: { name: target.name, uid: account.metadata.uid ?? '' },
      ...(pod && { pod }),
      audiences: audiences.length > 0 ? audiences : [ISSUER],
      issuedAt: clock.now(),
      lifetimeSeconds: expirationSeconds === VOLUME_SECONDS ? YEAR_SECONDS : expirationSeconds,
    })
    return {
      ...body,
      metadata: { name: target.name, namespace: target.namespace, creationTimestamp: formatTime(clock.now()) },
      spec: { ...(body.spec as object), audiences, expirationSeconds },
      status: { token, expirationTimestamp: formatTime(clock.now() + expirationSeconds * 1000) },
    }
  },
})

function boundPod(store: Store, { namespace = '' }: Target, ref: { name?: string; uid?: string }): BoundObject {
  const name = ref.name ?? ''
  const pod = store.get({ resource: 'pods', namespace, name })
  if (!pod) throw notFound(PODS, name)
  const uid = pod.metadata.uid ?? ''
  if (ref.uid && ref.uid !== uid) {
    throw conflict(
      PODS,
      name,
      `the UID in the bound object reference (${ref.uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    )
  }
  return { name, uid }
}
