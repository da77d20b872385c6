/** Asking as somebody else: each thing that is claimed needs the verb `impersonate` on it (apiserver's endpoints/filters/impersonation). */
import type { IncomingMessage } from 'node:http'
import { badRequest } from '../resource/refusals.ts'
import type { Store } from '../store/store.ts'
import { authorize } from './authorize.ts'
import { accountGroups } from './service-account-token.ts'
import { ANONYMOUS, AUTHENTICATED, type User } from './user.ts'

const EXTRA = 'impersonate-extra-'
const UNAUTHENTICATED = 'system:unauthenticated'
const AUTHENTICATION_GROUP = 'authentication.k8s.io'

interface Claim {
  readonly group: string
  readonly resource: string
  readonly name: string
  readonly namespace?: string
  readonly subresource?: string
}

/** The user that the request's headers name, or the asker where they name none. Throws ApiError Forbidden. */
export function impersonated(store: Store, asker: User, { headersDistinct }: IncomingMessage): User {
  const values = (header: string): readonly string[] => (headersDistinct[header] ?? []).map(asText)
  const name = values('impersonate-user')[0] ?? ''
  const groups = values('impersonate-group')
  const uid = values('impersonate-uid')[0] ?? ''
  const extra = Object.keys(headersDistinct)
    .filter(header => header.startsWith(EXTRA))
    .map(header => [extraKey(header.slice(EXTRA.length)), values(header)] as const)
  if (name === '') {
    if (groups.length === 0 && uid === '' && extra.length === 0) return asker
    throw withoutUser(groups, extra, uid)
  }
  const account = accountOf(name)
  const claims: Claim[] = [
    account ? { group: '', resource: 'serviceaccounts', ...account } : { group: '', resource: 'users', name },
    ...groups.map(group => ({ group: '', resource: 'groups', name: group })),
    ...extra.flatMap(([subresource, all]) =>
      all.map(value => ({ group: AUTHENTICATION_GROUP, resource: 'userextras', subresource, name: value })),
    ),
    ...(uid ? [{ group: AUTHENTICATION_GROUP, resource: 'uids', name: uid }] : []),
  ]
  for (const claim of claims) authorize(store, asker, { kind: 'resource', verb: 'impersonate', ...claim })
  return {
    name,
    groups: completeGroups(name, groups.length > 0 ? groups : account ? accountGroups(account.namespace) : []),
    ...(uid && { uid }),
    ...(extra.length > 0 && { extra: Object.fromEntries(extra) }),
  }
}

/** Go reads header values as they come over the wire, UTF-8; Node one byte a letter. */
const asText = (value: string): string => Buffer.from(value, 'latin1').toString('utf8')

function extraKey(encoded: string): string {
  try {
    return decodeURIComponent(encoded).toLowerCase()
  } catch {
    return encoded
  }
}

function accountOf(user: string): { readonly namespace: string; readonly name: string } | undefined {
  const [, namespace, name] = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(user) ?? []
  return namespace && name ? { namespace, name } : undefined
}

function completeGroups(name: string, groups: readonly string[]): readonly string[] {
  const isTold = groups.includes(UNAUTHENTICATED) || (name !== ANONYMOUS.name && groups.includes(AUTHENTICATED))
  if (isTold) return groups
  return [...groups, name === ANONYMOUS.name ? UNAUTHENTICATED : AUTHENTICATED]
}

function withoutUser(groups: readonly string[], extra: readonly (readonly [string, readonly string[]])[], uid: string) {
  const all = (texts: readonly string[]): string => `[]string{${texts.map(text => JSON.stringify(text)).join(', ')}}`
  const pairs = extra.map(([key, values]) => `${JSON.stringify(key)}:${all(values)}`)
  const asked = `Groups:${groups.length > 0 ? all(groups) : '[]string(nil)'}, Extra:map[string][]string${pairs.length > 0 ? `{${pairs.join(', ')}}` : '(nil)'}`
  return badRequest(
    `requested &user.DefaultInfo{Name:"", UID:${JSON.stringify(uid)}, ${asked}} without impersonating a user name`,
  )
}
