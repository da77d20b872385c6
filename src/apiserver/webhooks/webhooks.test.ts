/** Policies and webhooks: whom they concern, what they change, what they refuse and in which words. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { KubeApi } from '../../client/kube-api.ts'
import type { UnknownObject } from '../../kube/object.ts'
import { ensurePki } from '../pki/pki.ts'
import { type ApiServer, createApiServer } from '../server.ts'
import { memoryStore } from '../store/open-store.ts'
import type { Store } from '../store/store.ts'

let store: Store
let server: ApiServer
let api: KubeApi
let key: KeyObject
beforeAll(() => {
  key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
})
beforeEach(async () => {
  store = memoryStore()
  const pki = { serverKey: '', serverCertificate: '', adminToken: 'secret', serviceAccountKey: key }
  server = createApiServer({ store, pki })
  api = server.api
  await make('v1', 'Namespace', { metadata: { name: 'default', labels: { team: 'a' } } })
})
afterEach(async () => {
  await server.close()
  await store.close()
})

const make = (apiVersion: string, kind: string, rest: object): Promise<UnknownObject> =>
  api.create({ apiVersion, kind, ...rest } as UnknownObject)
const configMap = (name: string, data: object = {}, labels: object = {}): Promise<UnknownObject> =>
  make('v1', 'ConfigMap', { metadata: { name, namespace: 'default', labels }, data })
const GROUP = 'admissionregistration.k8s.io/v1'
const CONFIG_MAPS = [
  { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE', 'DELETE'], resources: ['configmaps'] },
]

async function policy(spec: object, binding: object = {}): Promise<void> {
  await make(GROUP, 'ValidatingAdmissionPolicy', {
    metadata: { name: 'p' },
    spec: { matchConstraints: { resourceRules: CONFIG_MAPS }, ...spec },
  })
  await make(GROUP, 'ValidatingAdmissionPolicyBinding', {
    metadata: { name: 'b' },
    spec: { policyName: 'p', validationActions: ['Deny'], ...binding },
  })
}

describe('a policy', () => {
  test('denies what its expressions do not allow, with its own words', async () => {
    await policy({
      variables: [{ name: 'size', expression: 'object.?data.orValue({}).size()' }],
      validations: [
        {
          expression: 'request.operation == "DELETE" || variables.size < 2',
          messageExpression: '"has " + string(variables.size)',
        },
      ],
    })
    await configMap('good', { a: '1' })
    await expect(configMap('bad', { a: '1', b: '2' })).rejects.toMatchObject({
      status: {
        code: 422,
        reason: 'Invalid',
        message: `configmaps "bad" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: has 2`,
      },
    })
    await api.delete({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name: 'good' })
  })

  test('that cannot be worked out denies, unless failures are to be ignored', async () => {
    await policy({ validations: [{ expression: 'object.data.missing == "x"' }] })
    await expect(configMap('x', { a: '1' })).rejects.toThrow(
      `expression 'object.data.missing == "x"' resulted in error: no such key: missing`,
    )
  })

  test('concerns only what its selectors and conditions say', async () => {
    await policy(
      {
        matchConditions: [{ name: 'named', expression: 'object.metadata.name.startsWith("checked")' }],
        validations: [{ expression: 'false' }],
      },
      { matchResources: { namespaceSelector: { matchLabels: { team: 'a' } } } },
    )
    await configMap('free')
    await expect(configMap('checked-1')).rejects.toThrow('failed expression: false')
    await make('v1', 'Namespace', { metadata: { name: 'other' } })
    await make('v1', 'ConfigMap', { metadata: { name: 'checked-2', namespace: 'other' } })
  })

  test('takes parameters from another object', async () => {
    await configMap('limits', { max: '1' })
    await policy(
      {
        paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
        validations: [{ expression: 'object.data.size() <= int(params.data.max)', message: 'too many' }],
      },
      { paramRef: { name: 'limits', parameterNotFoundAction: 'Deny' } },
    )
    await configMap('one', { a: '1' })
    await expect(configMap('two', { a: '1', b: '2' })).rejects.toThrow('denied request: too many')
  })
})

describe('a webhook', () => {
  let folder: string
  let hooks: Server
  let caBundle: string
  let asked: string[]
  type Answer = (request: { readonly object: UnknownObject; readonly uid: string }) => object | undefined
  const answers = new Map<string, Answer>()

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'solvent-hooks-'))
    const pki = ensurePki(folder)
    caBundle = Buffer.from(pki.ca).toString('base64')
    hooks = createServer({ key: pki.serverKey, cert: pki.serverCertificate }, async (request, response) => {
      const path = new URL(request.url ?? '', 'https://x').pathname
      asked.push(path)
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      const review = JSON.parse(Buffer.concat(chunks).toString('utf8'))
      const answer = answers.get(path)?.(review.request)
      if (answer) response.end(JSON.stringify({ ...review, response: { uid: review.request.uid, ...answer } }))
    })
    await new Promise<void>(done => hooks.listen(0, '127.0.0.1', done))
  })
  afterAll(() => {
    hooks.closeAllConnections()
    hooks.close()
    rmSync(folder, { recursive: true })
  })
  beforeEach(() => {
    asked = []
    answers.clear()
  })

  const hook = (kind: string, path: string, answer: Answer, more: object = {}): Promise<UnknownObject> => {
    answers.set(path, answer)
    const name = `${path.slice(1)}.example.com`
    const url = `https://127.0.0.1:${(hooks.address() as AddressInfo).port}${path}`
    const webhook = {
      name,
      clientConfig: { url, caBundle },
      rules: CONFIG_MAPS,
      sideEffects: 'None',
      admissionReviewVersions: ['v1'],
      ...more,
    }
    return make(GROUP, kind, { metadata: { name }, webhooks: [webhook] })
  }
  const patch = (...operations: object[]) => ({
    allowed: true,
    patchType: 'JSONPatch',
    patch: Buffer.from(JSON.stringify(operations)).toString('base64'),
  })

  test('changes an object before others judge it', async () => {
    await hook('MutatingWebhookConfiguration', '/add', () => patch({ op: 'add', path: '/data/added', value: 'yes' }))
    await hook('ValidatingWebhookConfiguration', '/judge', ({ object }) => ({
      allowed: (object as never as { data: { added?: string } }).data.added === 'yes',
    }))
    expect(await configMap('x', { a: '1' })).toMatchObject({ data: { a: '1', added: 'yes' } })
    expect(asked).toEqual(['/add', '/judge'])
  })

  test('denies in its own words, on every kind of write', async () => {
    await configMap('old')
    await hook('ValidatingWebhookConfiguration', '/no', () => ({
      allowed: false,
      status: { message: 'not today', code: 403 },
    }))
    const said = 'admission webhook "no.example.com" denied the request: not today'
    const target = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name: 'old' }
    await expect(configMap('x')).rejects.toMatchObject({ status: { code: 403, message: said } })
    await expect(api.patch(target, 'merge', { data: { a: '2' } })).rejects.toThrow(said)
    await expect(api.delete(target)).rejects.toThrow(said)
    expect(await api.get(target)).not.toHaveProperty('data')
  })

  test('that does not answer fails the write after its time, and nobody waits with it', async () => {
    await hook('ValidatingWebhookConfiguration', '/hang', () => undefined, {
      timeoutSeconds: 1,
      matchConditions: [{ name: 'slow', expression: 'object.metadata.name == "slow"' }],
    })
    const slow = configMap('slow')
    await configMap('quick')
    await expect(slow).rejects.toThrow(
      /failed calling webhook "hang.example.com": failed to call webhook: Post .*context deadline exceeded/,
    )
  })

  test('whose patch is no patch fails the write and says so', async () => {
    await hook('MutatingWebhookConfiguration', '/odd', () => ({ allowed: true, patch: 'bm9uc2Vuc2U=' }))
    await expect(configMap('x')).rejects.toThrow(
      'failed calling webhook "odd.example.com": received undecodable patch in webhook response: ',
    )
  })

  test('that may fail is passed over', async () => {
    const clientConfig = { service: { namespace: 'default', name: 'nowhere' } }
    await hook('ValidatingWebhookConfiguration', '/gone', () => undefined, { failurePolicy: 'Ignore', clientConfig })
    await configMap('x')
    expect(asked).toEqual([])
  })
})

describe('what cannot work is refused when it is written', () => {
  const rule = CONFIG_MAPS
  test.each<[string, string, object, string]>([
    [
      'an expression that does not compile',
      'ValidatingAdmissionPolicy',
      { spec: { matchConstraints: { resourceRules: rule }, validations: [{ expression: 'nope' }] } },
      "spec.validations[0].expression: Invalid value: \"nope\": compilation failed: ERROR: <input>:1:1: undeclared reference to 'nope' (in container '')",
    ],
    [
      'an expression of another type',
      'ValidatingAdmissionPolicy',
      { spec: { matchConstraints: { resourceRules: rule }, validations: [{ expression: '1' }] } },
      'spec.validations[0].expression: Invalid value: "1": must evaluate to bool but got int',
    ],
    [
      'parameters of no kind',
      'ValidatingAdmissionPolicy',
      { spec: { matchConstraints: { resourceRules: rule }, validations: [{ expression: 'params.x == 1' }] } },
      "undeclared reference to 'params'",
    ],
    [
      'nothing to validate',
      'ValidatingAdmissionPolicy',
      { spec: {} },
      '[spec.matchConstraints: Required value, spec.validations: Required value: validations or auditAnnotations must contain at least one item, spec.auditAnnotations: Required value: validations or auditAnnotations must contain at least one item]',
    ],
    [
      'two ways to say no',
      'ValidatingAdmissionPolicyBinding',
      { spec: { policyName: 'x', validationActions: ['Deny', 'Warn'] } },
      'must not contain both Deny and Warn',
    ],
    [
      'parameters by two ways',
      'ValidatingAdmissionPolicyBinding',
      { spec: { policyName: 'x', validationActions: ['Deny'], paramRef: { name: 'a', selector: {} } } },
      '[spec.paramRef.name: Forbidden: name and selector are mutually exclusive, spec.paramRef.selector: Forbidden: name and selector are mutually exclusive, spec.paramRef.parameterNotFoundAction: Required value]',
    ],
  ])('%s', async (_, kind, rest, message) => {
    await expect(make(GROUP, kind, { metadata: { name: 'x' }, ...rest })).rejects.toThrow(message)
  })
})
