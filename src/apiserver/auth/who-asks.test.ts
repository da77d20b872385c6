/** Who gets in, as whom, and what they are told about access; over a real connection. The answers are kube-apiserver 1.37.2's. */
import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { Agent, request as httpsRequest } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { KubeObject } from '../../kube/object.ts'
import { makeClientCertificate } from '../pki/certificate.ts'
import { ensurePki, type Pki } from '../pki/pki.ts'
import { type ApiServer, createApiServer } from '../server.ts'
import { memoryStore } from '../store/open-store.ts'
import { bootstrapRoles } from './rbac/bootstrap-roles.ts'
import { ISSUER } from './service-account-token.ts'

let folder: string
let pki: Pki
let server: ApiServer
let port: number
const DAY = 86_400_000

const RBAC = 'rbac.authorization.k8s.io'
const role = (name: string, rules: readonly object[]) =>
  ({ apiVersion: `${RBAC}/v1`, kind: 'Role', metadata: { name, namespace: 'b' }, rules }) as KubeObject
const binding = (name: string, kind: string, roleName: string, subject: object) =>
  ({
    apiVersion: `${RBAC}/v1`,
    kind: 'RoleBinding',
    metadata: { name, namespace: 'b' },
    roleRef: { apiGroup: RBAC, kind, name: roleName },
    subjects: [subject],
  }) as KubeObject

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'solvent-who-'))
  pki = ensurePki(folder)
  server = createApiServer({ store: memoryStore(), pki })
  port = (await server.listen(['127.0.0.1'], 0)).port
  for (const name of ['b', 'kube-system', 'kube-public']) {
    await server.api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
  }
  await bootstrapRoles(server.api)
  await server.api.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'robot', namespace: 'b' } })
  await server.api.create(
    role('maker', [
      { apiGroups: [RBAC], resources: ['roles', 'rolebindings'], verbs: ['create', 'update', 'patch', 'get'] },
      { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] },
    ]),
  )
  await server.api.create(binding('maker', 'Role', 'maker', { kind: 'User', name: 'b-eve' }))
  await server.api.create(binding('nowhere', 'ClusterRole', 'gone', { kind: 'User', name: 'b-eve' }))
})
afterAll(async () => {
  await server.close()
  rmSync(folder, { recursive: true })
})

interface Ask {
  readonly method?: string
  readonly body?: object
  readonly headers?: Record<string, string | string[]>
  readonly tls?: { readonly cert: string; readonly key: string }
}

/** A new connection each time. */
function ask(path: string, { method = 'GET', body, headers = {}, tls }: Ask = {}) {
  // biome-ignore lint/suspicious/noExplicitAny: whatever the server says
  return new Promise<{ code: number; body: any }>((resolve, reject) => {
    const all = { ...(body && { 'content-type': 'application/json' }), ...headers }
    const agent = new Agent({ keepAlive: false })
    const request = httpsRequest(
      { host: '127.0.0.1', port, path, method, headers: all, ca: pki.ca, agent, ...tls },
      response => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString()
          resolve({ code: response.statusCode ?? 0, body: text.startsWith('{') ? JSON.parse(text) : text })
        })
      },
    )
    request.on('error', reject)
    request.end(body && JSON.stringify(body))
  })
}

const asAdmin = () => ({ authorization: `Bearer ${pki.adminToken}` })
const as = (user: string) => ({ ...asAdmin(), 'impersonate-user': user })
const whoAmI = { method: 'POST', body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' } }
const SELF = '/apis/authentication.k8s.io/v1/selfsubjectreviews'

function certificate(commonName: string, organizations: string[], days = 1, authority = pki.authority) {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const [from, to] = days > 0 ? [-1, days] : [days - 1, days]
  const validity = { notBefore: new Date(Date.now() + from * DAY), notAfter: new Date(Date.now() + to * DAY) }
  const cert = makeClientCertificate({ commonName, organizations }, privateKey, authority, validity)
  return { cert, key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() }
}

async function tokenFor(spec: object = {}): Promise<string> {
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec }
  const answer = await ask('/api/v1/namespaces/b/serviceaccounts/robot/token', {
    method: 'POST',
    body,
    headers: asAdmin(),
  })
  expect(answer.code).toBe(201)
  return answer.body.status.token
}

describe('without credentials', () => {
  test.each(['/healthz', '/livez', '/readyz', '/version'])('%s is answered', async path => {
    expect((await ask(path)).code).toBe(200)
  })

  test.each([
    [
      '/api/v1/pods',
      'pods is forbidden: User "system:anonymous" cannot list resource "pods" in API group "" at the cluster scope',
      { kind: 'pods' },
    ],
    ['/apis', 'forbidden: User "system:anonymous" cannot get path "/apis"', {}],
  ])('%s is forbidden', async (path, message, details) => {
    const answer = await ask(path)
    expect(answer).toMatchObject({ code: 403, body: { message, reason: 'Forbidden' } })
    expect(answer.body.details).toEqual(details)
  })

  test('a token that is none of ours is 401, another scheme counts as none', async () => {
    expect(await ask('/version', { headers: { authorization: 'Bearer abc' } })).toMatchObject({
      code: 401,
      body: { message: 'Unauthorized', reason: 'Unauthorized' },
    })
    expect((await ask('/apis', { headers: { authorization: 'Basic abc' } })).code).toBe(403)
  })
})

describe('a client certificate', () => {
  test('names the user and the groups', async () => {
    const answer = await ask(SELF, { ...whoAmI, tls: certificate('jane', ['crew', 'ops']) })
    expect(answer).toMatchObject({
      code: 201,
      body: { kind: 'SelfSubjectReview', status: { userInfo: { username: 'jane' } } },
    })
    const { groups, extra } = answer.body.status.userInfo
    expect(groups).toEqual(['crew', 'ops', 'system:authenticated'])
    expect(extra['authentication.kubernetes.io/credential-id'][0]).toMatch(/^X509SHA256=[0-9a-f]{64}$/)
  })

  test('of the masters may do everything', async () => {
    expect((await ask('/api/v1/secrets', { tls: certificate('admin', ['system:masters']) })).code).toBe(200)
  })

  test('that has expired, or that another authority signed, is worth nothing', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const stranger = certificate('jane', ['system:masters'], 1, { name: 'solvent-ca', key: privateKey })
    for (const tls of [certificate('jane', ['system:masters'], -1), stranger]) {
      expect((await ask('/api/v1/secrets', { tls })).code).toBe(401)
      expect((await ask('/api/v1/secrets', { tls, headers: asAdmin() })).code).toBe(200)
    }
  })

  test("the server's own is no user's", async () => {
    const tls = { cert: pki.serverCertificate, key: pki.serverKey }
    expect((await ask('/api/v1/secrets', { tls })).code).toBe(401)
  })
})

describe('impersonation', () => {
  test('of a user has the groups that are named', async () => {
    const headers = {
      ...as('jane'),
      'impersonate-group': ['a, b', 'c'],
      'impersonate-uid': 'u1',
      'impersonate-extra-Where%2fX': 'here',
    }
    const { body } = await ask(SELF, { ...whoAmI, headers })
    expect(body.status.userInfo).toEqual({
      username: 'jane',
      uid: 'u1',
      groups: ['a, b', 'c', 'system:authenticated'],
      extra: { 'where/x': ['here'] },
    })
  })

  test('of a ServiceAccount has its groups, of the anonymous none of the authenticated', async () => {
    const robot = await ask(SELF, { ...whoAmI, headers: as('system:serviceaccount:b:robot') })
    expect(robot.body.status.userInfo.groups).toEqual([
      'system:serviceaccounts',
      'system:serviceaccounts:b',
      'system:authenticated',
    ])
    expect((await ask('/apis', { headers: as('system:anonymous') })).code).toBe(403)
  })

  test('needs the right to it', async () => {
    const headers = { authorization: `Bearer ${await tokenFor()}`, 'impersonate-user': 'jane' }
    const answer = await ask('/api/v1/pods', { headers })
    expect(answer).toMatchObject({
      code: 403,
      body: {
        message:
          'users "jane" is forbidden: User "system:serviceaccount:b:robot" cannot impersonate resource "users" in API group "" at the cluster scope',
      },
    })
  })

  test('of groups alone is refused', async () => {
    const answer = await ask('/api', { headers: { ...asAdmin(), 'impersonate-group': 'x' } })
    expect(answer.code).toBe(400)
    expect(answer.body.message).toBe(
      'requested &user.DefaultInfo{Name:"", UID:"", Groups:[]string{"x"}, Extra:map[string][]string(nil)} without impersonating a user name',
    )
  })
})

describe("a ServiceAccount's token", () => {
  test('can be verified by whoever reads the two documents', async () => {
    const headers = { authorization: `Bearer ${await tokenFor()}` }
    const { body: configuration } = await ask('/.well-known/openid-configuration', { headers })
    expect(configuration).toEqual({
      issuer: ISSUER,
      jwks_uri: `${ISSUER}/openid/v1/jwks`,
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['ES256'],
    })
    const { keys } = (await ask('/openid/v1/jwks', { headers })).body
    expect(Object.keys(keys[0]).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'])
    const token = await tokenFor({ audiences: ['vault'] })
    const [header = '', payload = '', signature = ''] = token.split('.')
    expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toEqual({ alg: 'ES256', kid: keys[0].kid })
    const key = { key: createPublicKey({ key: keys[0], format: 'jwk' }), dsaEncoding: 'ieee-p1363' as const }
    expect(verify('sha256', Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, 'base64url'))).toBe(true)
    expect(JSON.parse(Buffer.from(payload, 'base64url').toString())).toMatchObject({
      aud: ['vault'],
      iss: ISSUER,
      sub: 'system:serviceaccount:b:robot',
    })
  })

  test('that is bound to a Secret ends with it', async () => {
    await server.api.create({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 's', namespace: 'b' } })
    const bound = await tokenFor({ boundObjectRef: { apiVersion: 'v1', kind: 'Secret', name: 's' } })
    const headers = { authorization: `Bearer ${bound}` }
    expect((await ask('/api', { headers })).code).toBe(200)
    await server.api.delete({ apiVersion: 'v1', kind: 'Secret', name: 's', namespace: 'b' })
    expect((await ask('/api', { headers })).code).toBe(401)
  })

  test.each([
    [
      { expirationSeconds: 5 },
      422,
      'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 5: may not specify a duration less than 10 minutes',
    ],
    [
      { boundObjectRef: { kind: 'Job', apiVersion: 'batch/v1', name: 'x' } },
      400,
      'cannot bind token to object of type batch/v1, Kind=Job',
    ],
    [{ boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'x' } }, 404, 'pods "x" not found'],
  ])('with %o is refused', async (spec, code, message) => {
    const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec }
    const path = '/api/v1/namespaces/b/serviceaccounts/robot/token'
    expect(await ask(path, { method: 'POST', body, headers: asAdmin() })).toMatchObject({ code, body: { message } })
  })
})

const review = (kind: string, spec: object, more: object = {}, headers: Ask['headers'] = asAdmin()) => {
  const group = kind === 'TokenReview' ? 'authentication.k8s.io' : 'authorization.k8s.io'
  const place = kind.startsWith('Local') ? 'namespaces/b/' : ''
  const path = `/apis/${group}/v1/${place}${kind.toLowerCase()}s`
  return ask(path, { method: 'POST', body: { apiVersion: `${group}/v1`, kind, spec, ...more }, headers })
}
const getting = (resource: string, namespace = 'b') => ({ resourceAttributes: { namespace, verb: 'get', resource } })
const EVE = { user: 'b-eve' }

describe('reviews', () => {
  test.each([
    [
      { ...EVE, ...getting('pods') },
      { allowed: true, reason: 'RBAC: allowed by RoleBinding "maker/b" of Role "maker" to User "b-eve"' },
    ],
    [
      { ...EVE, ...getting('secrets') },
      { allowed: false, reason: 'rbac: RBAC: clusterrole.rbac.authorization.k8s.io "gone" not found' },
    ],
    [{ user: 'x', groups: ['system:masters'], nonResourceAttributes: { path: '/x', verb: 'get' } }, { allowed: true }],
    [{ user: 'x', nonResourceAttributes: { path: '/x', verb: 'get' } }, { allowed: false }],
  ])('of %o', async (spec, status) => {
    const answer = await review('SubjectAccessReview', spec)
    expect(answer).toMatchObject({ code: 201, body: { kind: 'SubjectAccessReview', spec } })
    expect(answer.body.status).toEqual(status)
  })

  test.each([
    [
      'SubjectAccessReview',
      EVE,
      'spec: Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified',
    ],
    [
      'SubjectAccessReview',
      { resourceAttributes: { verb: 'get' } },
      'spec.user: Invalid value: "": at least one of user or group must be specified',
    ],
    [
      'SubjectAccessReview',
      { user: 'x', nonResourceAttributes: { path: '/x', verb: 'get' }, resourceAttributes: { verb: 'get' } },
      'spec: Invalid value: {"Path":"/x","Verb":"get"}: exactly one of nonResourceAttributes or resourceAttributes must be specified',
    ],
    [
      'LocalSubjectAccessReview',
      { ...EVE, ...getting('pods', 'c') },
      'spec.resourceAttributes.namespace: Invalid value: "c": must match metadata.namespace',
    ],
  ])('%s of %o is invalid', async (kind, spec, why) => {
    expect(await review(kind, spec)).toMatchObject({
      code: 422,
      body: { message: `.authorization.k8s.io "" is invalid: ${why}`, reason: 'Invalid' },
    })
  })

  test('of another need the right to ask', async () => {
    const answer = await review('SubjectAccessReview', { ...EVE, ...getting('pods') }, {}, as('b-eve'))
    expect(answer.code).toBe(403)
    const own = await review('SelfSubjectAccessReview', getting('pods'), {}, as('b-eve'))
    expect(own.body.status.allowed).toBe(true)
  })

  test('of rules tell what one has, and what leads nowhere', async () => {
    const { body } = await review('SelfSubjectRulesReview', { namespace: 'b' }, {}, as('b-eve'))
    expect(body.status).toMatchObject({
      incomplete: false,
      evaluationError: 'clusterrole.rbac.authorization.k8s.io "gone" not found',
    })
    expect(body.status.resourceRules).toContainEqual({ verbs: ['get', 'list'], apiGroups: [''], resources: ['pods'] })
    expect(body.status.nonResourceRules).toContainEqual({
      verbs: ['get'],
      nonResourceURLs: ['/healthz', '/livez', '/readyz', '/version', '/version/'],
    })
  })

  test('of tokens tell whose they are and for whom', async () => {
    const token = await tokenFor()
    const { body } = await review('TokenReview', { token })
    expect(body.status).toMatchObject({
      authenticated: true,
      user: {
        username: 'system:serviceaccount:b:robot',
        groups: ['system:serviceaccounts', 'system:serviceaccounts:b', 'system:authenticated'],
      },
      audiences: [ISSUER],
    })
    expect((await review('TokenReview', { token: 'bad' })).body.status).toEqual({
      user: {},
      error: 'invalid bearer token',
    })
    expect((await review('TokenReview', { token, audiences: ['x'] })).body.status).toEqual({
      user: {},
      error: `[invalid bearer token, token audiences ["${ISSUER}"] is invalid for the target audiences ["x"]]`,
    })
    expect(await review('TokenReview', { token: '' })).toMatchObject({
      code: 400,
      body: { message: 'token is required for TokenReview in authentication' },
    })
    const vault = await tokenFor({ audiences: ['vault', 'other'] })
    const meant = await review('TokenReview', { token: vault, audiences: ['vault', 'x'] })
    expect(meant.body.status).toMatchObject({ authenticated: true, audiences: ['vault'] })
    expect((await ask('/api', { headers: { authorization: `Bearer ${vault}` } })).code).toBe(401)
  })
})

test('a right to one name holds for lists and watches of it, and not for creating it', async () => {
  await server.api.create(
    role('one', [{ apiGroups: [''], resources: ['configmaps'], resourceNames: ['a'], verbs: ['*'] }]),
  )
  await server.api.create(binding('one', 'Role', 'one', { kind: 'User', name: 'joe' }))
  const path = '/api/v1/namespaces/b/configmaps'
  const code = async (url: string, more: Ask = {}) => (await ask(url, { headers: as('joe'), ...more })).code
  expect(await code(path)).toBe(403)
  expect(await code(`${path}?fieldSelector=metadata.name%3Da`)).toBe(200)
  expect(await code(`${path}?fieldSelector=metadata.name!%3Da`)).toBe(403)
  expect(await code(`${path}?fieldSelector=metadata.name%3Db`)).toBe(403)
  // One term whose value looks like two.
  expect(await code(`${path}?fieldSelector=metadata.name!%3Dx%5C%2Cmetadata.name%3Da`)).toBe(403)
  expect(await code(`${path}/a`)).toBe(404)
  const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } }
  expect(await code(path, { method: 'POST', body })).toBe(403)
})
