/** CustomResourceDefinitions: what they may be, and how their kinds come, live and go. */
import { generateKeyPairSync } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { KubeApi } from '../../client/kube-api.ts'
import type { UnknownObject } from '../../kube/object.ts'
import { isApiError } from '../../kube/status.ts'
import { type ApiServer, createApiServer } from '../server.ts'
import { memoryStore } from '../store/open-store.ts'
import type { Store } from '../store/store.ts'

let store: Store
let server: ApiServer
let api: KubeApi
const serviceAccountKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
const pki = { serverKey: '', serverCertificate: '', adminToken: 'secret', serviceAccountKey }

beforeEach(async () => {
  store = memoryStore()
  server = createApiServer({ store, pki })
  api = server.api
  await api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } })
})
afterEach(async () => {
  await server.close()
  await store.close()
})

const SCHEMA = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      required: ['size'],
      properties: {
        size: { type: 'integer', minimum: 1 },
        color: { type: 'string', enum: ['red', 'blue'], default: 'red' },
        parts: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['name'],
          items: {
            type: 'object',
            required: ['name'],
            properties: { name: { type: 'string' }, n: { type: 'integer' } },
          },
        },
      },
    },
    status: { type: 'object', properties: { ready: { type: 'boolean' } } },
  },
}
const version = (more: object = {}) => ({
  name: 'v1',
  served: true,
  storage: true,
  subresources: { status: {} },
  schema: { openAPIV3Schema: SCHEMA },
  ...more,
})
const definition = (spec: object = {}, name = 'widgets.example.com'): UnknownObject =>
  ({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'widgets', kind: 'Widget' },
      versions: [version()],
      ...spec,
    },
  }) as UnknownObject
const widget = (spec: object, rest: object = {}, apiVersion = 'example.com/v1'): UnknownObject =>
  ({ apiVersion, kind: 'Widget', metadata: { name: 'w', namespace: 'default' }, spec, ...rest }) as UnknownObject
const WIDGET = { apiVersion: 'example.com/v1', kind: 'Widget', namespace: 'default', name: 'w' }
const DEFINITION = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  name: 'widgets.example.com',
}

async function established(name = 'widgets.example.com'): Promise<UnknownObject> {
  for await (const { object } of api.watch({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
  })) {
    const conditions = (object.status as { conditions?: object[] } | undefined)?.conditions
    if (object.metadata.name === name && conditions) return object
  }
  throw new Error('the watch ended')
}

describe('a definition', () => {
  test.each<[string, UnknownObject, string]>([
    [
      'another name',
      definition({}, 'gadgets.example.com'),
      'metadata.name: Invalid value: "gadgets.example.com": must be spec.names.plural+"."+spec.group',
    ],
    [
      'no versions',
      definition({ versions: [] }),
      'status.storedVersions: Invalid value: null: must have at least one stored version',
    ],
    [
      'no storage',
      definition({ versions: [version({ storage: false })] }),
      'must have exactly one version marked as storage version',
    ],
    [
      'no schema',
      definition({ versions: [version({ schema: undefined })] }),
      'spec.versions[0].schema.openAPIV3Schema: Required value',
    ],
    [
      'a scope that is none',
      definition({ scope: 'World' }),
      'spec.scope: Unsupported value: "World": supported values: "Cluster", "Namespaced"',
    ],
    [
      'a field without a type',
      definition({ versions: [version({ schema: { openAPIV3Schema: { type: 'object', properties: { a: {} } } } })] }),
      'properties[a].type: Required value: must not be empty for specified object fields',
    ],
    [
      'a reference',
      definition({ versions: [version({ schema: { openAPIV3Schema: { type: 'object', $ref: '#/x' } } })] }),
      '$ref: Forbidden: $ref is not supported',
    ],
    [
      'a bad default',
      definition({
        versions: [
          version({
            schema: { openAPIV3Schema: { type: 'object', properties: { a: { type: 'integer', default: 'x' } } } },
          }),
        ],
      }),
      'properties[a].default: Invalid value: "string":  in body must be of type integer: "string"',
    ],
    [
      'a bad pattern',
      definition({
        versions: [
          version({
            schema: { openAPIV3Schema: { type: 'object', properties: { a: { type: 'string', pattern: '(' } } } },
          }),
        ],
      }),
      'must be a valid regular expression',
    ],
    [
      'a bad column',
      definition({
        versions: [version({ additionalPrinterColumns: [{ name: 'A', type: 'string', jsonPath: 'a' }] })],
      }),
      'must be a simple json path starting with .',
    ],
  ])('of %s is refused', async (_, given, message) => {
    const error = await api.create(given).catch(error => error)
    expect(isApiError(error, 'Invalid')).toBe(true)
    expect(error.message).toContain(message)
  })

  test('is established once its kind is served', async () => {
    await api.create(definition())
    expect(await established()).toMatchObject({
      spec: { names: { singular: 'widget', listKind: 'WidgetList' } },
      status: {
        conditions: [
          { type: 'NamesAccepted', status: 'True' },
          { type: 'Established', status: 'True' },
        ],
        acceptedNames: { kind: 'Widget' },
        storedVersions: ['v1'],
      },
    })
  })

  test('that takes the names of another is not', async () => {
    await api.create(definition())
    await established()
    const rival = definition({ names: { plural: 'rivals', singular: 'widget', kind: 'Rival' } }, 'rivals.example.com')
    await api.create(rival)
    expect(await established('rivals.example.com')).toMatchObject({
      status: {
        conditions: [
          { type: 'NamesAccepted', status: 'False', message: '"widget" is already in use' },
          { status: 'False' },
        ],
      },
    })
    await expect(api.list({ apiVersion: 'example.com/v1', kind: 'Rival' })).rejects.toThrow('could not find')
  })

  test('is served by a server that starts on the same store', async () => {
    await api.create(definition())
    await established()
    await api.create(widget({ size: 1 }))
    const next = createApiServer({ store, pki })
    expect(await next.api.get(WIDGET)).toMatchObject({ spec: { size: 1 } })
    await next.close()
  })
})

describe('an instance', () => {
  beforeEach(() => api.create(definition()))

  test('can be made as soon as the definition is answered', async () => {
    expect(await api.create(widget({ size: 3, extra: 1 }))).toMatchObject({
      metadata: { generation: 1 },
      spec: { size: 3, color: 'red' },
    })
    expect((await api.get(WIDGET)).spec).toEqual({ size: 3, color: 'red' })
  })

  test.each<[string, UnknownObject, string]>([
    ['a missing field', widget({}), 'Widget.example.com "w" is invalid: spec.size: Required value'],
    [
      'a bad value',
      widget({ size: 0 }),
      'spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1',
    ],
    [
      'a value that is not among those allowed',
      widget({ size: 1, color: 'green' }),
      'spec.color: Unsupported value: "green": supported values: "red", "blue"',
    ],
    [
      'another type',
      widget({ size: 'x' }),
      'spec.size: Invalid value: "string": spec.size in body must be of type integer: "string"',
    ],
    [
      'a key twice',
      widget({ size: 1, parts: [{ name: 'a' }, { name: 'a' }] }),
      'spec.parts[1]: Duplicate value: {"name":"a"}',
    ],
  ])('with %s is refused', async (_, given, message) => {
    await expect(api.create(given)).rejects.toThrow(message)
  })

  test('has its status apart', async () => {
    await api.create(widget({ size: 1 }, { status: { ready: true } }))
    expect((await api.get(WIDGET)).status).toBeUndefined()
    const reported = await api.patch(
      WIDGET,
      'merge',
      { spec: { size: 9 }, status: { ready: true }, metadata: { labels: { a: 'b' } } },
      { subresource: 'status' },
    )
    expect(reported).toMatchObject({ spec: { size: 1 }, status: { ready: true }, metadata: { generation: 1 } })
    expect(reported.metadata.labels).toBeUndefined()
  })

  test('takes no strategic merge patch', async () => {
    await api.create(widget({ size: 1 }))
    const error = await api.patch(WIDGET, 'strategic', { spec: { size: 2 } }).catch(error => error)
    expect(isApiError(error, 'UnsupportedMediaType')).toBe(true)
    expect(error.message).not.toContain('strategic-merge-patch+json,')
  })

  test('is applied item by item', async () => {
    const parts = (...names: string[]) => widget({ size: 1, parts: names.map(name => ({ name })) })
    await api.apply(parts('a'), { fieldManager: 'one' })
    await api.apply(parts('b'), { fieldManager: 'two' })
    expect((await api.get(WIDGET)).spec).toMatchObject({ parts: [{ name: 'a' }, { name: 'b' }] })
    await api.apply(parts(), { fieldManager: 'one' })
    expect((await api.get(WIDGET)).spec).toMatchObject({ parts: [{ name: 'b' }] })
  })

  test('goes with its definition, finalizers first', async () => {
    await api.create({
      ...widget({ size: 1 }),
      metadata: { name: 'w', namespace: 'default', finalizers: ['example.com/hold'] },
    })
    await api.delete(DEFINITION)
    for await (const { object } of api.watch(WIDGET)) if (object.metadata.deletionTimestamp) break
    await expect(
      api.create({ ...widget({ size: 1 }), metadata: { name: 'late', namespace: 'default' } }),
    ).rejects.toThrow('is terminating')
    expect((await api.get(DEFINITION)).metadata.deletionTimestamp).toBeDefined()
    const gone = untilGone()
    await api.patch(WIDGET, 'merge', { metadata: { finalizers: null } })
    await gone
    await expect(api.get(WIDGET)).rejects.toThrow('could not find the requested resource')
  })
})

async function untilGone(): Promise<void> {
  const from = { resourceVersion: String(store.revision) }
  const definitions = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' }
  for await (const { type } of api.watch(definitions, from)) if (type === 'DELETED') return
}

test('two versions are views of one object', async () => {
  const v2 = {
    ...SCHEMA,
    properties: {
      ...SCHEMA.properties,
      spec: {
        ...SCHEMA.properties.spec,
        properties: { ...SCHEMA.properties.spec.properties, weight: { type: 'integer', default: 7 } },
      },
    },
  }
  await api.create(
    definition({ versions: [version(), version({ name: 'v2', storage: false, schema: { openAPIV3Schema: v2 } })] }),
  )
  await api.create(widget({ size: 1 }))
  const seen = await api.get({ ...WIDGET, apiVersion: 'example.com/v2' })
  expect(seen).toMatchObject({ apiVersion: 'example.com/v2', spec: { size: 1, weight: 7 } })
  await api.update(widget({ size: 2, weight: 8 }, { metadata: seen.metadata }, 'example.com/v2'))
  expect(await api.get(WIDGET)).toMatchObject({ apiVersion: 'example.com/v1', spec: { size: 2 } })
})

test('a changed schema counts at once', async () => {
  await api.create(definition())
  const loose = {
    type: 'object',
    properties: { spec: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
  }
  await api.patch(DEFINITION, 'merge', { spec: { versions: [version({ schema: { openAPIV3Schema: loose } })] } })
  expect((await api.create(widget({ anything: 1 }))).spec).toEqual({ anything: 1 })
})

test.each([
  ['its spec', null],
  ['its versions', { versions: null }],
  ['the version that is stored', { versions: [version({ name: 'v2' })] }],
])('a definition cannot lose %s', async (_what, spec) => {
  await api.create(definition())
  await established()
  await expect(api.patch(DEFINITION, 'merge', { spec })).rejects.toThrow(/is invalid/)
  expect((await api.get(DEFINITION)).spec).toMatchObject({ versions: [{ name: 'v1' }] })
})
