/**
 * Who asks: the client certificate's user, or the bearer token's (the administrator's own, or a ServiceAccount's while account and pod are
 * there), or nobody known; then as whom they ask, if they impersonate (apiserver's authentication/request/union, x509, bearertoken).
 */
import { createHash, type KeyObject, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Clock } from '../../base/clock.ts'
import { apiError } from '../../kube/status.ts'
import type { Store } from '../store/store.ts'
import { certificateUser } from './client-certificate.ts'
import { impersonated } from './impersonate.ts'
import {
  accountGroups,
  type BoundObject,
  type Claims,
  ISSUER,
  isTimely,
  readToken,
  userName,
} from './service-account-token.ts'
import { ADMIN, ANONYMOUS, AUTHENTICATED, type User } from './user.ts'

export interface Credentials {
  readonly adminToken: string
  readonly serviceAccountKey: KeyObject
}

/** A token is either somebody's or worth nothing; why is told to those who may review tokens. */
export type TokenVerdict = { readonly user: User; readonly audiences: readonly string[] } | { readonly error: string }

export interface Authenticator {
  /** Throws ApiError Unauthorized for a token or certificate that is none of ours; without any the user is anonymous. */
  authenticate(request: IncomingMessage): User
  review(token: string, audiences?: readonly string[]): TokenVerdict
}

export function createAuthenticator(
  { adminToken, serviceAccountKey }: Credentials,
  store: Store,
  clock: Clock,
): Authenticator {
  const admin = digest(adminToken)
  const read = remembered((token: string) => readToken(serviceAccountKey, token))

  function review(token: string, audiences: readonly string[] = [ISSUER]): TokenVerdict {
    const hash = digest(token)
    if (timingSafeEqual(hash, admin)) return { user: ADMIN, audiences: audiences.filter(aud => aud === ISSUER) }
    const claims = read(hash.toString('base64'), token)
    if (!claims) return { error: 'invalid bearer token' }
    const meant = claims.aud.filter(aud => audiences.includes(aud))
    if (meant.length === 0) return { error: wrongAudience(claims.aud, audiences) }
    if (!isTimely(claims, clock.now())) return { error: '[invalid bearer token, service account token has expired]' }
    if (!isStillBound(store, claims, clock.now())) {
      return { error: '[invalid bearer token, service account token has been invalidated]' }
    }
    return { user: serviceAccountUser(claims), audiences: meant }
  }

  function requester({ headers: { authorization = '' }, socket }: IncomingMessage): User {
    const certified = certificateUser(socket)
    if (certified && certified !== 'invalid') return certified
    const token = /^Bearer +(\S+)$/i.exec(authorization.trim())?.[1]
    if (token === undefined) {
      if (certified === 'invalid') throw unauthorized()
      return ANONYMOUS
    }
    const verdict = review(token)
    if ('error' in verdict) throw unauthorized()
    return verdict.user
  }

  return { review, authenticate: request => impersonated(store, requester(request), request) }
}

const unauthorized = () => apiError('Unauthorized', 'Unauthorized')

/** Of equal length whatever was sent, so that comparing tells nothing about it. */
const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

const KEPT_TOKENS = 1000

/** A signature is good for ever: what a token says is read once. Whether it still holds is looked at every time. */
function remembered(read: (token: string) => Claims | undefined) {
  const known = new Map<string, Claims>()
  return (hash: string, token: string): Claims | undefined => {
    const kept = known.get(hash)
    if (kept !== undefined) return kept
    const found = read(token)
    if (found === undefined) return undefined
    if (known.size >= KEPT_TOKENS) known.clear()
    known.set(hash, found)
    return found
  }
}

const quoted = (texts: readonly string[]): string => `[${texts.map(text => JSON.stringify(text)).join(' ')}]`
const wrongAudience = (has: readonly string[], wanted: readonly string[]): string =>
  `[invalid bearer token, token audiences ${quoted(has)} is invalid for the target audiences ${quoted(wanted)}]`

/** What is being deleted may still speak for a minute past its end. */
const DELETED_LEEWAY_MS = 60_000

function isStillBound(store: Store, claims: Claims, now: number): boolean {
  const { namespace, serviceaccount, pod, secret, node } = claims['kubernetes.io']
  const lives = (resource: string, { name, uid }: BoundObject, place = namespace): boolean => {
    const metadata = store.get({ resource, namespace: place, name })?.metadata
    const end = metadata?.deletionTimestamp
    return metadata?.uid === uid && (end === undefined || Date.parse(end) + DELETED_LEEWAY_MS >= now)
  }
  return (
    lives('serviceaccounts', serviceaccount) &&
    (pod === undefined || lives('pods', pod)) &&
    (secret === undefined || lives('secrets', secret)) &&
    (node === undefined || pod !== undefined || lives('nodes', node, ''))
  )
}

function serviceAccountUser({ jti, 'kubernetes.io': { namespace, serviceaccount, pod, node } }: Claims): User {
  const extra = {
    'authentication.kubernetes.io/credential-id': jti && `JTI=${jti}`,
    'authentication.kubernetes.io/node-name': node?.name,
    'authentication.kubernetes.io/node-uid': node?.uid,
    'authentication.kubernetes.io/pod-name': pod?.name,
    'authentication.kubernetes.io/pod-uid': pod?.uid,
  }
  return {
    name: userName(namespace, serviceaccount.name),
    uid: serviceaccount.uid,
    groups: [...accountGroups(namespace), AUTHENTICATED],
    extra: Object.fromEntries(Object.entries(extra).flatMap(([key, value]) => (value ? [[key, [value]]] : []))),
  }
}
