/**
 * Tokens of ServiceAccounts: JWTs (RFC 7519) signed with ES256, bound to the account and to a pod, good for an audience and a time
 * (kube-apiserver's serviceaccount/claims.go). A token is worth nothing once what it is bound to is gone.
 */
import { createPublicKey, type KeyObject, randomUUID, sign, verify } from 'node:crypto'

/** Issuer and default audience, as kubeadm has it. */
export const ISSUER = 'https://kubernetes.default.svc.cluster.local'

export interface BoundObject {
  readonly name: string
  readonly uid: string
}

export interface Claims {
  readonly aud: readonly string[]
  /** Seconds since the epoch, as `iat` and `nbf`. */
  readonly exp: number
  readonly iat: number
  readonly nbf: number
  readonly iss: string
  readonly sub: string
  readonly jti: string
  readonly 'kubernetes.io': {
    readonly namespace: string
    readonly serviceaccount: BoundObject
    readonly pod?: BoundObject
  }
}

export interface TokenSubject {
  readonly namespace: string
  readonly account: BoundObject
  readonly pod?: BoundObject
  readonly audiences: readonly string[]
  readonly issuedAt: number
  readonly lifetimeSeconds: number
}

const HEADER = encode({ alg: 'ES256', typ: 'JWT' })

export function signToken(key: KeyObject, subject: TokenSubject): string {
  const iat = Math.floor(subject.issuedAt / 1000)
  const { namespace, account, pod } = subject
  const claims: Claims = {
    aud: subject.audiences,
    exp: iat + subject.lifetimeSeconds,
    iat,
    nbf: iat,
    iss: ISSUER,
    sub: userName(namespace, account.name),
    jti: randomUUID(),
    'kubernetes.io': { namespace, serviceaccount: account, ...(pod && { pod }) },
  }
  const body = `${HEADER}.${encode(claims)}`
  return `${body}.${sign('sha256', Buffer.from(body), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
}

export const userName = (namespace: string, name: string): string => `system:serviceaccount:${namespace}:${name}`

/** The claims of a token that we signed, that holds now and is meant for us; undefined for any other text. */
export function verifyToken(key: KeyObject, token: string, now: number): Claims | undefined {
  const [header = '', payload = '', signature = '', ...more] = token.split('.')
  // One algorithm, the one that we sign with: a header is not asked which to use.
  if (more.length > 0 || header !== HEADER) return undefined
  const isOurs = verify(
    'sha256',
    Buffer.from(`${header}.${payload}`),
    { key: createPublicKey(key), dsaEncoding: 'ieee-p1363' },
    Buffer.from(signature, 'base64url'),
  )
  if (!isOurs) return undefined
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as Claims
  const seconds = now / 1000
  // A clock that jumped back a little after the token was signed must not lock pods out.
  const isNow = claims.nbf - LEEWAY_SECONDS <= seconds && seconds < claims.exp
  return isNow && claims.iss === ISSUER && claims.aud.includes(ISSUER) ? claims : undefined
}

const LEEWAY_SECONDS = 60

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
