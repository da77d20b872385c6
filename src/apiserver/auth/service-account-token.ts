/**
 * Tokens of ServiceAccounts: JWTs (RFC 7519) signed with ES256, bound to the account and perhaps to a pod, a Secret or a node, good for an
 * audience and a time (kube-apiserver's serviceaccount/claims.go). A token is worth nothing once what it is bound to is gone. Others verify
 * tokens by the two documents of `openid.ts`.
 */
import { createHash, createPublicKey, type KeyObject, randomUUID, sign, verify } from 'node:crypto'
import { isRecord } from '../../kube/equal.ts'

/** Issuer and default audience, as kubeadm has it. */
export const ISSUER = 'https://kubernetes.default.svc.cluster.local'

export interface BoundObject {
  readonly name: string
  readonly uid: string
}

export interface Bindings {
  readonly pod?: BoundObject
  readonly secret?: BoundObject
  /** Alone it is what the token is bound to; beside a pod it only tells where the pod runs. */
  readonly node?: BoundObject
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
  readonly 'kubernetes.io': Bindings & {
    readonly namespace: string
    readonly serviceaccount: BoundObject
    /** When a client that reads its token's file again would long have done so. */
    readonly warnafter?: number
  }
}

export interface TokenSubject extends Bindings {
  readonly namespace: string
  readonly account: BoundObject
  readonly audiences: readonly string[]
  readonly issuedAt: number
  readonly lifetimeSeconds: number
  readonly warnAfterSeconds?: number
}

export function signToken(key: KeyObject, subject: TokenSubject): string {
  const iat = Math.floor(subject.issuedAt / 1000)
  const { namespace, account, pod, secret, node, warnAfterSeconds } = subject
  const claims: Claims = {
    aud: subject.audiences,
    exp: iat + subject.lifetimeSeconds,
    iat,
    iss: ISSUER,
    jti: randomUUID(),
    'kubernetes.io': {
      namespace,
      ...(node && { node }),
      ...(pod && { pod }),
      ...(secret && { secret }),
      serviceaccount: account,
      ...(warnAfterSeconds !== undefined && { warnafter: iat + warnAfterSeconds }),
    },
    nbf: iat,
    sub: userName(namespace, account.name),
  }
  const body = `${encode({ alg: ALGORITHM, kid: publicKeyOf(key).id })}.${encode(claims)}`
  return `${body}.${sign('sha256', Buffer.from(body), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
}

export const userName = (namespace: string, name: string): string => `system:serviceaccount:${namespace}:${name}`

export const accountGroups = (namespace: string): readonly string[] => [
  'system:serviceaccounts',
  `system:serviceaccounts:${namespace}`,
]

/** One algorithm, the one that we sign with: a header is not asked which to use. */
export const ALGORITHM = 'ES256'
const LEEWAY_SECONDS = 60

/** What a token that we signed says, whenever and for whomever it holds; undefined for any other text. */
export function readToken(key: KeyObject, token: string): Claims | undefined {
  const [header = '', payload = '', signature = '', ...more] = token.split('.')
  if (more.length > 0 || token.length > MAX_LENGTH || !isOurHeader(header)) return undefined
  const isOurs = verify(
    'sha256',
    Buffer.from(`${header}.${payload}`),
    { key: publicKeyOf(key).key, dsaEncoding: 'ieee-p1363' },
    Buffer.from(signature, 'base64url'),
  )
  return isOurs ? (JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as Claims) : undefined
}

const MAX_LENGTH = 16 * 1024

function isOurHeader(text: string): boolean {
  try {
    const header: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
    return isRecord(header) && header.alg === ALGORITHM
  } catch {
    return false
  }
}

/** A clock that jumped back a little after the token was signed must not lock pods out. */
export function isTimely({ nbf, exp, iss }: Claims, now: number): boolean {
  const seconds = now / 1000
  return nbf - LEEWAY_SECONDS <= seconds && seconds < exp && iss === ISSUER
}

/** The claims of a token that we signed, that holds now and is meant for us; undefined for any other text. */
export function verifyToken(key: KeyObject, token: string, now: number): Claims | undefined {
  const claims = readToken(key, token)
  return claims && isTimely(claims, now) && claims.aud.includes(ISSUER) ? claims : undefined
}

interface PublicKey {
  readonly key: KeyObject
  /** `kid`: the same for the same key. */
  readonly id: string
}

/** Deriving it takes longer than verifying with it. */
const publicKeys = new WeakMap<KeyObject, PublicKey>()

export function publicKeyOf(privateKey: KeyObject): PublicKey {
  const known = publicKeys.get(privateKey)
  if (known) return known
  const key = createPublicKey(privateKey)
  const id = createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('base64url')
  publicKeys.set(privateKey, { key, id })
  return { key, id }
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
