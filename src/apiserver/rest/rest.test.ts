/** The server over HTTPS: who gets in, what is answered to nonsense, and that nobody leaves anything behind. */
import { mkdtempSync, rmSync } from 'node:fs'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { Agent, request as httpsRequest } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { UnknownObject } from '../../kube/object.ts'
import { bootstrapRoles } from '../auth/rbac/bootstrap-roles.ts'
import { ensurePki, type Pki } from '../pki/pki.ts'
import { type ApiServer, createApiServer } from '../server.ts'
import { memoryStore } from '../store/open-store.ts'
import type { Store } from '../store/store.ts'

let folder: string
let pki: Pki
let store: Store
let server: ApiServer
let port: number
let agent: Agent
const bugs: string[] = []

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'solvent-rest-'))
  pki = ensurePki(folder)
  store = memoryStore()
  server = createApiServer({ store, pki, warn: message => bugs.push(message), nodeApi: () => ({ logs }) })
  port = (await server.listen(['127.0.0.1'], 0)).port
  agent = new Agent({ ca: pki.ca, keepAlive: true })
  for (const name of ['default', 'kube-system', 'kube-public']) {
    await server.api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
  }
  await bootstrapRoles(server.api)
  await server.api.create({
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'default', namespace: 'default' },
  })
})
afterAll(async () => {
  agent.destroy()
  await server.close()
  await store.close()
  rmSync(folder, { recursive: true })
  expect(bugs, 'answers of 500').toEqual([])
})

async function* logs(_pod: unknown, container: string, { signal }: { signal?: AbortSignal }) {
  yield Buffer.from(`${container} says hello\n`)
  await new Promise<void>(resolve => signal?.addEventListener('abort', () => resolve()))
}

interface Reply {
  readonly code: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: whatever the server says
  readonly body: any
}

interface Ask {
  readonly body?: unknown
  readonly type?: string
  readonly accept?: string
  readonly token?: string
  readonly headers?: Record<string, string>
}

function open(method: string, path: string, ask: Ask = {}): Promise<IncomingMessage> {
  const { body, type = 'application/json', accept = 'application/json', token = pki.adminToken, headers } = ask
  const payload = body === undefined || typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body)
  return new Promise((resolve, reject) => {
    const request = httpsRequest(
      {
        host: '127.0.0.1',
        port,
        method,
        path,
        agent,
        headers: {
          accept,
          ...(token && { authorization: `Bearer ${token}` }),
          ...(payload !== undefined && { 'content-type': type, 'content-length': Buffer.byteLength(payload) }),
          ...headers,
        },
      },
      resolve,
    )
    request.on('error', reject)
    request.end(payload)
  })
}

async function ask(method: string, path: string, options: Ask = {}): Promise<Reply> {
  const response = await open(method, path, options)
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk)
  const bytes = Buffer.concat(chunks)
  const text = (response.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes).toString()
  const isJson = response.headers['content-type']?.includes('json')
  return {
    code: response.statusCode ?? 0,
    headers: response.headers,
    text,
    body: isJson && text ? JSON.parse(text) : undefined,
  }
}

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps'
const configMap = (name: string, data: object = { a: 'b' }) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  data,
})

describe('who gets in', () => {
  test.each(['/healthz', '/livez', '/readyz', '/version'])('%s is for everybody', async path => {
    expect((await ask('GET', path, { token: '' })).code).toBe(200)
  })
  test.each([
    ['a wrong one', 'wrong'],
    ['a longer one', 'x'.repeat(5000)],
  ])('%s is 401', async (_, token) => {
    const { code, body, headers } = await ask('GET', CONFIG_MAPS, { token })
    expect([code, body.reason, body.kind]).toEqual([401, 'Unauthorized', 'Status'])
    expect(headers['www-authenticate']).toContain('Bearer')
  })

  test('a ServiceAccount comes in by its token, with its own rights, while it exists', async () => {
    await ask('POST', '/api/v1/namespaces/default/serviceaccounts', {
      body: { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'robot' } },
    })
    const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} }
    const { code, body } = await ask('POST', '/api/v1/namespaces/default/serviceaccounts/robot/token', {
      body: request,
    })
    expect(code).toBe(201)
    const { token } = body.status
    const refused = await ask('GET', CONFIG_MAPS, { token })
    expect([refused.code, refused.body.message]).toEqual([
      403,
      'configmaps is forbidden: User "system:serviceaccount:default:robot" cannot list resource "configmaps" in API group "" in the namespace "default"',
    ])
    expect((await ask('GET', '/apis', { token })).code).toBe(200)
    const self = await ask('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', {
      token,
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
    })
    expect(self.body.status.userInfo.username).toBe('system:serviceaccount:default:robot')
    await ask('DELETE', '/api/v1/namespaces/default/serviceaccounts/robot')
    expect((await ask('GET', '/apis', { token })).code).toBe(401)
  })
})

describe('nonsense is answered with a Status', () => {
  const deep = `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`
  test.each<[string, number, string, string, Ask, string]>([
    ['an unknown path', 404, 'GET', '/nothing/here', {}, 'could not find the requested resource'],
    ['an unknown group', 404, 'GET', '/apis/none/v1/things', {}, 'could not find the requested resource'],
    ['an unknown subresource', 404, 'GET', `${CONFIG_MAPS}/x/status`, {}, 'could not find the requested resource'],
    ['a path too long', 404, 'GET', `${CONFIG_MAPS}/a/b/c`, {}, 'could not find'],
    ['a namespace for a cluster-scoped kind', 404, 'GET', '/api/v1/namespaces/default/nodes', {}, 'could not find'],
    ['a broken escape', 400, 'GET', '/api/v1/namespaces/%zz/pods', {}, 'invalid escape'],
    ['an odd method', 405, 'TRACE', CONFIG_MAPS, {}, 'does not allow this method'],
    ['a PUT without a name', 405, 'PUT', CONFIG_MAPS, { body: configMap('x') }, 'does not allow this method'],
    ['a POST with a name', 405, 'POST', `${CONFIG_MAPS}/x`, { body: configMap('x') }, 'does not allow this method'],
    ['a POST without a namespace', 405, 'POST', '/api/v1/configmaps', { body: configMap('x') }, 'does not allow'],
    ['no JSON', 400, 'POST', CONFIG_MAPS, { body: '{"a":' }, 'unexpected end of JSON input ({"a":)'],
    ['nothing', 400, 'POST', CONFIG_MAPS, { body: '' }, 'unexpected end of JSON input (<empty>)'],
    ['a list', 400, 'POST', CONFIG_MAPS, { body: [] }, 'cannot unmarshal array into Go value of type struct'],
    [
      'no kind, which is no matter, but no name',
      422,
      'POST',
      CONFIG_MAPS,
      { body: {} },
      'name or generateName is required',
    ],
    [
      'another kind',
      400,
      'POST',
      CONFIG_MAPS,
      { body: { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'x' } } },
      'converting (v1.Secret) to (core.ConfigMap): unknown conversion',
    ],
    [
      'another namespace',
      400,
      'POST',
      CONFIG_MAPS,
      { body: { ...configMap('x'), metadata: { name: 'x', namespace: 'other' } } },
      'does not match the namespace sent on the request',
    ],
    ['another name', 400, 'PUT', `${CONFIG_MAPS}/y`, { body: configMap('x') }, 'does not match the name on the URL'],
    [
      'metadata of another type',
      400,
      'POST',
      CONFIG_MAPS,
      { body: { ...configMap('x'), metadata: 'x' } },
      'cannot unmarshal',
    ],
    [
      'a field of another type',
      400,
      'POST',
      CONFIG_MAPS,
      { body: configMap('x', { a: 1 }) },
      'json: cannot unmarshal number into Go struct field ConfigMap.data of type string',
    ],
    ['a deep nest', 400, 'POST', CONFIG_MAPS, { body: deep }, 'levels deep'],
    [
      'a deep patch',
      400,
      'PATCH',
      `${CONFIG_MAPS}/x`,
      { body: deep, type: 'application/merge-patch+json' },
      'levels deep',
    ],
    [
      'a prototype',
      400,
      'POST',
      CONFIG_MAPS,
      { body: '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x","labels":{"__proto__":"y"}}}' },
      '__proto__',
    ],
    ['a form', 415, 'POST', CONFIG_MAPS, { body: 'a=b', type: 'application/x-www-form-urlencoded' }, 'unknown format'],
    [
      'broken protobuf',
      400,
      'POST',
      CONFIG_MAPS,
      { body: 'k8t\0', type: 'application/vnd.kubernetes.protobuf' },
      'expected prefix',
    ],
    [
      'an unknown patch',
      415,
      'PATCH',
      `${CONFIG_MAPS}/x`,
      { body: {}, type: 'application/json' },
      '415: Unsupported Media Type',
    ],
    [
      'an apply without a manager',
      422,
      'PATCH',
      `${CONFIG_MAPS}/x`,
      { body: configMap('x'), type: 'application/apply-patch+yaml' },
      'fieldManager: Required value',
    ],
    ['a form that we do not have', 406, 'GET', CONFIG_MAPS, { accept: 'text/html' }, '406: Not Acceptable'],
    [
      'a limit that is none',
      400,
      'GET',
      `${CONFIG_MAPS}?limit=many`,
      {},
      'strconv.ParseInt: parsing "many": invalid syntax',
    ],
    ['a version that is none', 400, 'GET', `${CONFIG_MAPS}?resourceVersion=x`, {}, 'resourceVersion: Invalid value'],
    [
      'a version from the future',
      504,
      'GET',
      `${CONFIG_MAPS}?resourceVersion=999999999`,
      {},
      'Too large resource version',
    ],
    [
      'a dry run of half',
      422,
      'POST',
      `${CONFIG_MAPS}?dryRun=Half`,
      { body: configMap('x') },
      'dryRun: Unsupported value',
    ],
    ['a bad selector', 400, 'GET', `${CONFIG_MAPS}?labelSelector=a%20b`, {}, "found 'b', expected: in, notin"],
    [
      'initial events without their match',
      422,
      'GET',
      `${CONFIG_MAPS}?watch=1&sendInitialEvents=true`,
      {},
      'sendInitialEvents requires',
    ],
    ['a log of nobody', 404, 'GET', '/api/v1/namespaces/default/pods/nobody/log', {}, 'pods "nobody" not found'],
    ['YAML with an error', 400, 'POST', CONFIG_MAPS, { body: 'a: [', type: 'application/yaml' }, 'is no YAML'],
    ['YAML that explodes', 400, 'POST', CONFIG_MAPS, { body: bomb(), type: 'application/yaml' }, 'is no YAML'],
    [
      'a policy that is none',
      422,
      'DELETE',
      `${CONFIG_MAPS}/x`,
      { body: { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Never' } },
      'propagationPolicy: Unsupported value',
    ],
  ])('%s: %i', async (_, code, method, path, options, message) => {
    const reply = await ask(method, path, options)
    expect([reply.code, reply.body.kind, reply.body.code]).toEqual([code, 'Status', code])
    expect(reply.body.message).toContain(message)
    expect(reply.text).not.toMatch(/\.ts:|node:internal|at async/)
  })

  test.each([3 * 1024 * 1024 + 1, 20 * 1024 * 1024])(
    'a body of %i bytes: 413, and the next request is answered',
    async bytes => {
      const { code, body } = await ask('POST', CONFIG_MAPS, { body: Buffer.alloc(bytes, ' ') })
      expect([code, body.reason]).toEqual([413, 'RequestEntityTooLarge'])
      expect((await ask('GET', '/healthz')).text).toBe('ok')
    },
  )
})

/** Aliases of aliases: a few lines that would become billions of strings. */
function bomb(): string {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x]']
  for (let i = 1; i < 9; i++)
    lines.push(
      `a${i}: &a${i} [${Array(9)
        .fill(`*a${i - 1}`)
        .join(', ')}]`,
    )
  return lines.join('\n')
}

describe('objects', () => {
  test('are created, changed and removed', async () => {
    const made = await ask('POST', CONFIG_MAPS, { body: configMap('one') })
    expect([made.code, made.body.metadata.name]).toEqual([201, 'one'])
    const put = await ask('PUT', `${CONFIG_MAPS}/one`, { body: { ...made.body, data: { a: 'c' } } })
    expect([put.code, put.body.data]).toEqual([200, { a: 'c' }])
    const patched = await ask('PATCH', `${CONFIG_MAPS}/one`, {
      body: [{ op: 'add', path: '/data/b', value: 'd' }],
      type: 'application/json-patch+json',
    })
    expect(patched.body.data).toEqual({ a: 'c', b: 'd' })
    const failed = await ask('PATCH', `${CONFIG_MAPS}/one`, {
      body: [{ op: 'test', path: '/data/b', value: 'x' }],
      type: 'application/json-patch+json',
    })
    expect(failed.code).toBe(422)
    const gone = await ask('DELETE', `${CONFIG_MAPS}/one`)
    expect(gone.body).toMatchObject({
      kind: 'Status',
      status: 'Success',
      details: { name: 'one', kind: 'configmaps', uid: made.body.metadata.uid },
    })
    expect((await ask('DELETE', `${CONFIG_MAPS}/one`)).code).toBe(404)
  })

  test('may come as YAML', async () => {
    const body = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: yaml\n  creationTimestamp: null\ndata:\n  a: b\n'
    expect((await ask('POST', CONFIG_MAPS, { body, type: 'application/yaml' })).body.data).toEqual({ a: 'b' })
    const applied = await ask('PATCH', `${CONFIG_MAPS}/applied?fieldManager=me`, {
      body: body.replace('yaml', 'applied'),
      type: 'application/apply-patch+yaml',
    })
    expect(applied.code).toBe(201)
    const again = await ask('PATCH', `${CONFIG_MAPS}/applied?fieldManager=me`, {
      body: body.replace('yaml', 'applied'),
      type: 'application/apply-patch+yaml',
    })
    expect([again.code, again.body.metadata.resourceVersion]).toEqual([200, applied.body.metadata.resourceVersion])
  })

  test('a definition whose versions a webhook should convert is told that none is asked', async () => {
    const versions = ['v1', 'v2'].map(name => ({
      name,
      served: true,
      storage: name === 'v1',
      schema: { openAPIV3Schema: { type: 'object' } },
    }))
    const webhook = { clientConfig: { url: 'https://x.example/' }, conversionReviewVersions: ['v1'] }
    const body = {
      metadata: { name: 'odds.x.example' },
      spec: {
        group: 'x.example',
        scope: 'Namespaced',
        names: { plural: 'odds', kind: 'Odd' },
        versions,
        conversion: { strategy: 'Webhook', webhook },
      },
    }
    const told = await ask('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', { body })
    expect([told.code, told.headers.warning]).toEqual([
      201,
      expect.stringContaining('webhooks are not asked to convert'),
    ])
  })

  test('unknown fields are dropped, told or refused as the client wants', async () => {
    const odd = (name: string) => ({ ...configMap(name), dada: {} })
    const warned = await ask('POST', CONFIG_MAPS, { body: odd('warned') })
    expect([warned.code, warned.headers.warning, warned.body.dada]).toEqual([
      201,
      '299 - "unknown field \\"dada\\""',
      undefined,
    ])
    expect(
      (await ask('POST', `${CONFIG_MAPS}?fieldValidation=Ignore`, { body: odd('ignored') })).headers.warning,
    ).toBeUndefined()
    const strict = await ask('POST', `${CONFIG_MAPS}?fieldValidation=Strict`, { body: odd('strict') })
    expect([strict.code, strict.body.message]).toEqual([
      400,
      'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "dada"',
    ])
  })

  test('quantities are written in one way', async () => {
    const resources = { limits: { cpu: 0.5, memory: '1024Mi' } }
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'q' },
      spec: { containers: [{ name: 'c', resources }] },
    }
    const { body } = await ask('POST', '/api/v1/namespaces/default/pods', { body: pod })
    expect(body.spec.containers[0].resources.limits).toEqual({ cpu: '500m', memory: '1Gi' })
  })

  test('ephemeral containers are added to a pod that is there, and stay as they are', async () => {
    const pods = '/api/v1/namespaces/default/pods'
    const spec = { containers: [{ name: 'main', image: 'x' }] }
    await ask('POST', pods, { body: { metadata: { name: 'debugged' }, spec } })
    const patch = (image: string) =>
      ask('PATCH', `${pods}/debugged/ephemeralcontainers`, {
        type: 'application/strategic-merge-patch+json',
        body: { spec: { ephemeralContainers: [{ name: 'look', image }], priority: 9 } },
      })
    const { code, body } = await patch('busybox')
    expect([code, body.spec.ephemeralContainers[0]]).toEqual([
      200,
      expect.objectContaining({ imagePullPolicy: 'Always' }),
    ])
    expect(body.spec.priority).not.toBe(9)
    expect((await patch('other')).body.message).toContain('existing ephemeral containers "look" may not be changed')
  })

  test('a collection is removed by selector', async () => {
    const labelled = { ...configMap('labelled'), metadata: { name: 'labelled', labels: { go: 'yes' } } }
    await ask('POST', CONFIG_MAPS, { body: labelled })
    await ask('DELETE', `${CONFIG_MAPS}?labelSelector=go%3Dyes`)
    expect((await ask('GET', `${CONFIG_MAPS}/labelled`)).code).toBe(404)
    expect((await ask('GET', `${CONFIG_MAPS}/yaml`)).code).toBe(200)
  })
})

const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json'
const PARTIAL = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io'

describe('forms of an answer', () => {
  test('a table, metadata alone, or the object', async () => {
    const table = await ask('GET', `${CONFIG_MAPS}/yaml`, { accept: TABLE })
    expect(table.body).toMatchObject({
      kind: 'Table',
      apiVersion: 'meta.k8s.io/v1',
      rows: [{ cells: ['yaml', 1, expect.any(String)], object: { kind: 'PartialObjectMetadata' } }],
    })
    const full = await ask('GET', `${CONFIG_MAPS}?includeObject=Object`, { accept: TABLE })
    expect(full.body.rows[0].object.kind).toBe('ConfigMap')
    const partial = await ask('GET', CONFIG_MAPS, { accept: PARTIAL })
    expect(partial.body).toMatchObject({
      kind: 'PartialObjectMetadataList',
      items: expect.arrayContaining([expect.objectContaining({ kind: 'PartialObjectMetadata' })]),
    })
    expect(partial.text).not.toContain('"data"')
  })

  test('a large one is packed for those who can unpack it', async () => {
    await ask('POST', CONFIG_MAPS, { body: configMap('large', { text: 'x'.repeat(200_000) }) })
    const packed = await ask('GET', `${CONFIG_MAPS}/large`, { headers: { 'accept-encoding': 'gzip' } })
    expect([packed.headers['content-encoding'], packed.body.data.text.length]).toEqual(['gzip', 200_000])
    expect((await ask('GET', `${CONFIG_MAPS}/large`)).headers['content-encoding']).toBeUndefined()
  })

  test('a document that the client has is not sent again', async () => {
    const first = await ask('GET', '/openapi/v3/apis/batch/v1')
    expect(
      first.body.paths['/apis/batch/v1/namespaces/{namespace}/jobs/{name}'].patch.parameters.map(
        (p: { name: string }) => p.name,
      ),
    ).toContain('fieldValidation')
    const again = await ask('GET', '/openapi/v3/apis/batch/v1', { headers: { 'if-none-match': first.headers.etag! } })
    expect([again.code, again.text]).toEqual([304, ''])
  })

  test.each(['v2', 'v2beta1'])('discovery is aggregated %s for those who ask', async version => {
    const accept = `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList,application/json`
    const { body, headers } = await ask('GET', '/apis', { accept })
    expect(headers['content-type']).toBe(`application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`)
    expect(body.apiVersion).toBe(`apidiscovery.k8s.io/${version}`)
    const apps = body.items.find((group: UnknownObject) => group.metadata.name === 'apps')
    const deployments = apps.versions[0].resources.find((row: { resource: string }) => row.resource === 'deployments')
    expect(deployments).toMatchObject({
      shortNames: ['deploy'],
      subresources: [{ subresource: 'scale', responseKind: { kind: 'Scale' } }, { subresource: 'status' }],
    })
  })

  test('discovery group by group for those who do not', async () => {
    expect((await ask('GET', '/api')).body).toMatchObject({ kind: 'APIVersions', versions: ['v1'] })
    expect((await ask('GET', '/apis')).body.groups.map((group: { name: string }) => group.name)).toContain('batch')
    const { body } = await ask('GET', '/api/v1')
    expect(body.resources.find((row: { name: string }) => row.name === 'pods/eviction')).toMatchObject({
      group: 'policy',
      version: 'v1',
      kind: 'Eviction',
    })
  })
})

describe('streams', () => {
  async function* lines(response: IncomingMessage): AsyncGenerator<{ type: string; object: UnknownObject }> {
    let rest = ''
    for await (const chunk of response) {
      const parts = (rest + chunk).split('\n')
      rest = parts.pop() ?? ''
      for (const line of parts) yield JSON.parse(line)
    }
  }

  test('a watch tells changes as they come, and leaves nothing when its client goes', async () => {
    const { metadata } = (await ask('GET', CONFIG_MAPS)).body
    const response = await open('GET', `${CONFIG_MAPS}?watch=true&resourceVersion=${metadata.resourceVersion}`)
    const events = lines(response)
    await ask('POST', CONFIG_MAPS, { body: configMap('watched') })
    const { value } = await events.next()
    expect([value?.type, value?.object.metadata.name]).toEqual(['ADDED', 'watched'])
    const before = server.traffic.open
    response.destroy()
    await expect.poll(() => server.traffic.open).toBe(before - 1)
  })

  test('a watch of tables names its columns once', async () => {
    const { metadata } = (await ask('GET', CONFIG_MAPS)).body
    const response = await open('GET', `${CONFIG_MAPS}?watch=true&resourceVersion=${metadata.resourceVersion}`, {
      accept: TABLE,
    })
    const events = lines(response)
    await ask('POST', CONFIG_MAPS, { body: configMap('row-one') })
    await ask('POST', CONFIG_MAPS, { body: configMap('row-two') })
    const seen = [(await events.next()).value?.object, (await events.next()).value?.object]
    expect(seen).toMatchObject([
      { kind: 'Table', rows: [{ cells: ['row-one', 1, expect.any(String)] }], columnDefinitions: expect.any(Array) },
      { kind: 'Table', rows: [{ cells: ['row-two', 1, expect.any(String)] }], columnDefinitions: null },
    ])
    response.destroy()
  })

  test('a log is followed until its reader goes', async () => {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'talks' },
      spec: { nodeName: 'n', containers: [{ name: 'c' }] },
    }
    await ask('POST', '/api/v1/namespaces/default/pods', { body: pod })
    const response = await open('GET', '/api/v1/namespaces/default/pods/talks/log?follow=true')
    expect([response.statusCode, response.headers['content-type']]).toEqual([200, 'text/plain'])
    const first = await new Promise(resolve => response.once('data', resolve))
    expect(String(first)).toBe('c says hello\n')
    response.destroy()
    await expect.poll(() => server.traffic.open).toBe(0)
  })

  test('many clients that leave in the middle leave nothing', async () => {
    const watches = await Promise.all(Array.from({ length: 50 }, () => open('GET', `${CONFIG_MAPS}?watch=true`)))
    expect(server.traffic.open).toBe(50)
    for (const watch of watches) watch.destroy()
    await expect.poll(() => server.traffic.open).toBe(0)
  })
})
