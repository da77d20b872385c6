/** Who is who, and who may do what. */
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ApiError } from '../../kube/status.ts'
import { ensurePki } from '../pki/pki.ts'
import { createApiServer } from '../server.ts'
import { memoryStore } from '../store/open-store.ts'
import { type Attributes, authorize } from './authorize.ts'
import { bootstrapRoles } from './rbac/bootstrap-roles.ts'
import { covers } from './rbac/compiled-role.ts'
import { ISSUER, signToken, verifyToken } from './service-account-token.ts'

const keyPair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
const key = keyPair()
const NOW = Date.UTC(2026, 0, 1)
const subject = {
  namespace: 'team',
  account: { name: 'builder', uid: 'u1' },
  audiences: [ISSUER],
  issuedAt: NOW,
  lifetimeSeconds: 600,
}
const token = signToken(key, subject)

describe('a ServiceAccount token', () => {
  test('says for whom it is', () => {
    expect(verifyToken(key, token, NOW)).toMatchObject({
      sub: 'system:serviceaccount:team:builder',
      exp: NOW / 1000 + 600,
    })
  })

  test.each([
    { why: 'has expired', text: token, at: NOW + 600_000 },
    { why: 'is not valid yet', text: token, at: NOW - 120_000 },
    { why: 'is for others', text: signToken(key, { ...subject, audiences: ['vault'] }), at: NOW },
    { why: 'is signed by another key', text: signToken(keyPair(), subject), at: NOW },
    { why: 'is changed', text: token.replace(/\.(.)/, (_, c) => `.${c === 'a' ? 'b' : 'a'}`), at: NOW },
    {
      why: 'claims no algorithm',
      text: `${Buffer.from('{"alg":"none"}').toString('base64url')}.${token.split('.')[1]}.`,
      at: NOW,
    },
    { why: 'is no token', text: 'hello', at: NOW },
    { why: 'has too many parts', text: `${token}.x`, at: NOW },
  ])('is worth nothing when it $why', ({ text, at }) => expect(verifyToken(key, text, at)).toBeUndefined())
})

describe('a rule', () => {
  const rule = {
    apiGroups: ['solvent.dev'],
    resources: ['batchjobs', 'batchjobs/status'],
    resourceNames: ['count'],
    verbs: ['get', 'patch'],
  }
  const asked = { kind: 'resource', group: 'solvent.dev', resource: 'batchjobs', verb: 'get', name: 'count' } as const
  test.each<[string, Partial<typeof asked> & { subresource?: string }, boolean]>([
    ['its own object', {}, true],
    ['its subresource', { subresource: 'status' }, true],
    ['another subresource', { subresource: 'scale' }, false],
    ['another name', { name: 'other' as 'count' }, false],
    ['a list', { name: undefined as never }, false],
    ['another verb', { verb: 'delete' as 'get' }, false],
    ['another group', { group: '' as 'solvent.dev' }, false],
  ])('covers %s: %o -> %s', (_, change, expected) => expect(covers(rule, { ...asked, ...change })).toBe(expected))

  test.each([
    [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }, true],
    [{ apiGroups: ['solvent.dev'], resources: ['*/status'], verbs: ['*'] }, false],
    [{ nonResourceURLs: ['/healthz'], verbs: ['get'] }, false],
  ])('%o covers reading a job: %s', (wide, expected) => expect(covers(wide, asked)).toBe(expected))
})

test.each<[Attributes, string]>([
  [
    { kind: 'resource', verb: 'list', group: '', resource: 'pods', namespace: 'team' },
    'pods is forbidden: User "eve" cannot list resource "pods" in API group "" in the namespace "team"',
  ],
  [
    {
      kind: 'resource',
      verb: 'patch',
      group: 'batch',
      resource: 'jobs',
      subresource: 'status',
      namespace: 'team',
      name: 'j',
    },
    'jobs.batch "j" is forbidden: User "eve" cannot patch resource "jobs/status" in API group "batch" in the namespace "team"',
  ],
  [
    { kind: 'resource', verb: 'get', group: '', resource: 'nodes', name: 'n' },
    'nodes "n" is forbidden: User "eve" cannot get resource "nodes" in API group "" at the cluster scope',
  ],
  [{ kind: 'path', verb: 'get', path: '/metrics' }, 'forbidden: User "eve" cannot get path "/metrics"'],
])("%o is refused in upstream's words", (attributes, message) => {
  const attempt = () => authorize(memoryStore(), { name: 'eve', groups: ['system:authenticated'] }, attributes)
  expect(attempt).toThrow(ApiError)
  expect(attempt).toThrow(message)
})

test('everybody with a token may discover', async () => {
  const store = memoryStore()
  const folder = mkdtempSync(join(tmpdir(), 'solvent-auth-'))
  const { api } = createApiServer({ store, pki: ensurePki(folder) })
  for (const name of ['kube-system', 'kube-public']) {
    await api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
  }
  await bootstrapRoles(api)
  rmSync(folder, { recursive: true })
  const user = { name: 'eve', groups: ['system:authenticated'] }
  for (const path of ['/api', '/apis/batch/v1', '/openapi/v3', '/version']) {
    expect(() => authorize(store, user, { kind: 'path', verb: 'get', path })).not.toThrow()
  }
  expect(() => authorize(store, user, { kind: 'path', verb: 'get', path: '/metrics' })).toThrow()
})
