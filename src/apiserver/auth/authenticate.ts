/** From a bearer token to a user: the administrator's own, or a ServiceAccount's whose account and pod are still there. */
import { createHash, type KeyObject, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../../base/clock.ts'
import { apiError } from '../../kube/status.ts'
import type { Store } from '../store/store.ts'
import { type BoundObject, type Claims, userName, verifyToken } from './service-account-token.ts'
import { ADMIN, ANONYMOUS, AUTHENTICATED, type User } from './user.ts'

export interface Credentials {
  readonly adminToken: string
  readonly serviceAccountKey: KeyObject
}

export type Authenticate = (authorization: string | undefined) => User

/** Throws ApiError Unauthorized for a token that is none of ours; without a token the user is anonymous. */
export function createAuthenticator(
  { adminToken, serviceAccountKey }: Credentials,
  store: Store,
  clock: Clock,
): Authenticate {
  const admin = digest(adminToken)
  return authorization => {
    if (authorization === undefined) return ANONYMOUS
    const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1]
    if (token === undefined) throw unauthorized()
    if (timingSafeEqual(digest(token), admin)) return ADMIN
    const claims = verifyToken(serviceAccountKey, token, clock.now())
    if (!claims || !isStillBound(store, claims)) throw unauthorized()
    return serviceAccountUser(claims)
  }
}

export const unauthorized = () => apiError('Unauthorized', 'Unauthorized')

/** Of equal length whatever was sent, so that comparing tells nothing about it. */
const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

function isStillBound(store: Store, { 'kubernetes.io': { namespace, serviceaccount, pod } }: Claims): boolean {
  const lives = (resource: string, { name, uid }: BoundObject): boolean =>
    store.get({ resource, namespace, name })?.metadata.uid === uid
  return lives('serviceaccounts', serviceaccount) && (pod === undefined || lives('pods', pod))
}

export function serviceAccountUser({ 'kubernetes.io': { namespace, serviceaccount, pod } }: Claims): User {
  return {
    name: userName(namespace, serviceaccount.name),
    uid: serviceaccount.uid,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, AUTHENTICATED],
    ...(pod && {
      extra: {
        'authentication.kubernetes.io/pod-name': [pod.name],
        'authentication.kubernetes.io/pod-uid': [pod.uid],
      },
    }),
  }
}
