/** What an update may leave wrong and what not, as a kube-apiserver of v1.37.2 answered the same patches: `field message` of each cause. */
import { generateKeyPairSync } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { KubeApi } from '../../client/kube-api.ts'
import type { UnknownObject } from '../../kube/object.ts'
import { ApiError } from '../../kube/status.ts'
import { type ApiServer, createApiServer } from '../server.ts'
import { memoryStore } from '../store/open-store.ts'
import type { Store } from '../store/store.ts'

let store: Store
let server: ApiServer
let api: KubeApi

const SCHEMA = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      properties: {
        a: { type: 'integer', maximum: 5 },
        b: { type: 'string' },
        s: { type: 'string', maxLength: 3 },
        list: {
          type: 'array',
          maxItems: 9,
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['n'],
          items: {
            type: 'object',
            required: ['n'],
            properties: { n: { type: 'string', maxLength: 9 }, v: { type: 'integer', maximum: 9 } },
            'x-kubernetes-validations': [
              { rule: 'self.v >= oldSelf.v', message: 'grows' },
              { rule: 'self.v != 7', message: 'not seven' },
            ],
          },
        },
        set: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
        imm: {
          type: 'string',
          maxLength: 9,
          'x-kubernetes-validations': [{ rule: 'self == oldSelf', message: 'immutable' }],
        },
        opt: {
          type: 'string',
          maxLength: 9,
          'x-kubernetes-validations': [
            { rule: '!oldSelf.hasValue() || self == oldSelf.value()', message: 'set once', optionalOldSelf: true },
          ],
        },
      },
      'x-kubernetes-validations': [
        { rule: '!has(self.b) || self.b != "bad"', message: 'b is bad', fieldPath: '.b' },
        { rule: '!has(oldSelf.imm) || has(self.imm)', message: 'imm stays' },
      ],
    },
  },
}
/** Under this one the object could become what the other one does not allow. */
const LOOSE = {
  type: 'object',
  properties: { spec: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
}
const SPEC = {
  a: 9,
  b: 'bad',
  s: 'long',
  list: [
    { n: 'p', v: 7 },
    { n: 'q', v: 1 },
  ],
  set: ['u', 'u'],
  imm: 'i',
  opt: 'o',
}
const DEFINITION = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  name: 'ratchets.example.com',
}
const RATCHET = { apiVersion: 'example.com/v1', kind: 'Ratchet', namespace: 'default', name: 'x' }
const version = (schema: object) => [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }]

beforeAll(async () => {
  store = memoryStore()
  const serviceAccountKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  server = createApiServer({
    store,
    pki: { serverKey: '', serverCertificate: '', adminToken: 'secret', serviceAccountKey },
  })
  api = server.api
  await api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } })
  await api.create({
    apiVersion: DEFINITION.apiVersion,
    kind: DEFINITION.kind,
    metadata: { name: DEFINITION.name },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'ratchets', kind: 'Ratchet' },
      versions: version(LOOSE),
    },
  } as UnknownObject)
  const { apiVersion, kind, namespace, name } = RATCHET
  await api.create({ apiVersion, kind, metadata: { namespace, name }, spec: SPEC } as UnknownObject)
  await api.patch(DEFINITION, 'merge', { spec: { versions: version(SCHEMA) } })
})
afterAll(async () => {
  await server.close()
  await store.close()
})

async function causes(patch: object): Promise<readonly string[]> {
  try {
    await api.patch(RATCHET, 'merge', patch, { dryRun: true })
    return []
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    return (error.status.details?.causes ?? []).map(({ field, message }) => `${field} ${message}`).sort()
  }
}

const ANSWERS: readonly (readonly [patch: object, causes: readonly string[]])[] = [
  [{ metadata: { labels: { x: 'y' } } }, []],
  [
    { spec: { a: 8 } },
    ['spec.a Invalid value: 8: spec.a in body should be less than or equal to 5', 'spec.b Invalid value: b is bad'],
  ],
  [{ spec: { a: 9, s: 'long' } }, []],
  [
    { spec: { s: 'longer' } },
    [
      '<nil> Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
      'spec.s Too long: may not be more than 3 bytes',
    ],
  ],
  [{ spec: { b: 'bad', a: 3 } }, ['spec.b Invalid value: b is bad']],
  [{ spec: { b: 'fine' } }, []],
  [
    {
      spec: {
        list: [
          { n: 'q', v: 1 },
          { n: 'p', v: 7 },
        ],
      },
    },
    [],
  ],
  [
    {
      spec: {
        list: [
          { n: 'p', v: 7 },
          { n: 'q', v: 0 },
        ],
      },
    },
    ['spec.b Invalid value: b is bad', 'spec.list[1] Invalid value: grows'],
  ],
  [
    {
      spec: {
        list: [
          { n: 'p', v: 8 },
          { n: 'q', v: 7 },
        ],
      },
    },
    ['spec.b Invalid value: b is bad', 'spec.list[1] Invalid value: not seven'],
  ],
  [
    {
      spec: {
        list: [
          { n: 'new', v: 7 },
          { n: 'p', v: 7 },
          { n: 'q', v: 1 },
        ],
      },
    },
    ['spec.b Invalid value: b is bad', 'spec.list[0] Invalid value: not seven'],
  ],
  [
    { spec: { list: [{ n: 'p', v: 10 }] } },
    [
      'spec.b Invalid value: b is bad',
      'spec.list[0].v Invalid value: 10: spec.list[0].v in body should be less than or equal to 9',
    ],
  ],
  [{ spec: { set: ['u', 'u', 'w', 'w'] } }, ['spec.b Invalid value: b is bad']],
  [{ spec: { set: ['a', 'a'] } }, ['spec.b Invalid value: b is bad']],
  [{ spec: { imm: 'j' } }, ['spec.b Invalid value: b is bad', 'spec.imm Invalid value: "j": immutable']],
  [{ spec: { imm: null } }, ['spec Invalid value: imm stays', 'spec.b Invalid value: b is bad']],
  [{ spec: { opt: 'p' } }, ['spec.b Invalid value: b is bad', 'spec.opt Invalid value: "p": set once']],
  [{ spec: { opt: null } }, ['spec.b Invalid value: b is bad']],
  [
    { spec: { a: 'x' } },
    [
      '<nil> Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
      'spec.a Invalid value: "string": spec.a in body must be of type integer: "string"',
    ],
  ],
]

test.each(ANSWERS)('%j', async (patch, expected) => expect(await causes(patch)).toEqual(expected))
