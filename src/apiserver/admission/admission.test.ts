/** What admission gives and refuses. The messages are those of kube-apiserver 1.37.2, recorded from the same requests. */
import { generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import '../../../test/properties.ts'
import type { KubeApi } from '../../client/kube-api.ts'
import type { Pod } from '../../kube/core.ts'
import type { KubeObject, UnknownObject } from '../../kube/object.ts'
import { ADMIN } from '../auth/user.ts'
import { type ApiServer, createApiServer } from '../server.ts'
import { memoryStore } from '../store/open-store.ts'

const serviceAccountKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
const pki = { serverKey: '', serverCertificate: '', adminToken: 'x'.repeat(32), serviceAccountKey }

let server: ApiServer
let api: KubeApi
beforeEach(async () => {
  server = createApiServer({ store: memoryStore(), pki })
  api = server.api
  await api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'b' } })
  await api.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace: 'b' } })
})

const make = (apiVersion: string, kind: string, name: string, content: object = {}) =>
  api.create({ apiVersion, kind, metadata: { name, namespace: 'b' }, ...content } as KubeObject)
const priority = (name: string, content: object) =>
  api.create({
    apiVersion: 'scheduling.k8s.io/v1',
    kind: 'PriorityClass',
    metadata: { name },
    ...content,
  } as KubeObject)
const pod = (name: string, resources: object = {}, spec: object = {}) =>
  make('v1', 'Pod', name, { spec: { ...spec, containers: [{ name: 'c', image: 'x', resources }] } })
const quota = (name: string, spec: object) => make('v1', 'ResourceQuota', name, { spec })
const forbidden = (message: string) => ({ reason: 'Forbidden', code: 403, message })
const COMPUTE = { requests: { cpu: '100m' }, limits: { memory: '100Mi' } }

describe('a LimitRange', () => {
  const limits = [
    {
      type: 'Container',
      min: { cpu: '50m' },
      max: { cpu: '1', memory: '1Gi' },
      default: { cpu: '200m' },
      defaultRequest: { cpu: '100m' },
      maxLimitRequestRatio: { cpu: '3' },
    },
    { type: 'Pod', max: { cpu: '2' } },
    { type: 'PersistentVolumeClaim', min: { storage: '1Gi' }, max: { storage: '2Gi' } },
  ]
  beforeEach(async () => {
    await make('v1', 'LimitRange', 'l', { spec: { limits } })
  })

  test('says what it means by what it leaves out', async () => {
    const range = await api.get({ apiVersion: 'v1', kind: 'LimitRange', namespace: 'b', name: 'l' })
    expect((range.spec as { limits: object[] }).limits[0]).toEqual({
      ...limits[0],
      default: { cpu: '200m', memory: '1Gi' },
      defaultRequest: { cpu: '100m', memory: '1Gi' },
    })
  })

  test('fills in what a container does not say', async () => {
    const made = (await pod('d1')) as unknown as Pod
    expect(made.metadata.annotations).toEqual({
      'kubernetes.io/limit-ranger':
        'LimitRanger plugin set: cpu, memory request for container c; cpu, memory limit for container c',
    })
    expect(made.spec.containers[0]?.resources).toEqual({
      requests: { cpu: '100m', memory: '1Gi' },
      limits: { cpu: '200m', memory: '1Gi' },
    })
    expect(made.status?.qosClass).toBe('Burstable')
  })

  test('takes a limit for the request where only that is said', async () => {
    const made = (await pod('d2', { limits: { cpu: '500m' } })) as unknown as Pod
    expect(made.spec.containers[0]?.resources).toEqual({
      requests: { cpu: '500m', memory: '1Gi' },
      limits: { cpu: '500m', memory: '1Gi' },
    })
  })

  test.each([
    [
      { requests: { cpu: '10m' }, limits: { cpu: '2' } },
      'pods "d" is forbidden: [minimum cpu usage per Container is 50m, but request is 10m, maximum cpu usage per Container is 1, but limit is 2, cpu max limit to request ratio per Container is 3, but provided ratio is 200.000000]',
    ],
    [
      { requests: { cpu: '100m' }, limits: { cpu: '900m' } },
      'pods "d" is forbidden: cpu max limit to request ratio per Container is 3, but provided ratio is 9.000000',
    ],
  ])('refuses %o', async (resources, message) => {
    await expect(pod('d', resources)).rejects.toMatchObject(forbidden(message))
  })
})

describe('a pod', () => {
  test.each([
    [{ priorityClassName: 'nix' }, 'no PriorityClass with name nix was found'],
    [
      { priority: 5 },
      'the integer value of priority (5) must not be provided in pod spec; priority admission controller computed 0 from the given PriorityClass name',
    ],
    [
      { preemptionPolicy: 'Never' },
      'the string value of PreemptionPolicy (Never) must not be provided in pod spec; priority admission controller computed PreemptLowerPriority from the given PriorityClass name',
    ],
    [{ runtimeClassName: 'nix' }, 'pod rejected: RuntimeClass "nix" not found'],
    [{ serviceAccountName: 'nope' }, 'error looking up service account b/nope: serviceaccount "nope" not found'],
  ])('with %o is refused by the beginning of its generated name', async (spec, why) => {
    const asked = { spec: { ...spec, containers: [{ name: 'c', image: 'x' }] } }
    const metadata = { generateName: 'gen-', namespace: 'b' }
    await expect(api.create({ apiVersion: 'v1', kind: 'Pod', metadata, ...asked } as KubeObject)).rejects.toMatchObject(
      forbidden(`pods "gen-" is forbidden: ${why}`),
    )
  })

  test.each([{}, { initContainers: [{ name: 'c', image: 'x' }] }, { containers: [] }])(
    'that lacks containers (%o) is invalid, and no riddle',
    async spec => {
      await make('v1', 'LimitRange', 'l', { spec: { limits: [{ type: 'Container', default: { cpu: '1' } }] } })
      await expect(make('v1', 'Pod', 'p', { spec })).rejects.toMatchObject({ code: 422 })
    },
  )

  test('with an overhead of its own is refused', async () => {
    await expect(pod('p', {}, { overhead: { cpu: '1' } })).rejects.toMatchObject(
      forbidden(
        'pods "p" is forbidden: pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead',
      ),
    )
  })

  test('has the default priority class, of which there is one', async () => {
    await priority('usual', { value: 7, globalDefault: true })
    expect((await pod('p')).spec).toMatchObject({ priority: 7, priorityClassName: 'usual' })
    await expect(priority('other', { value: 8, globalDefault: true })).rejects.toMatchObject(
      forbidden(
        'priorityclasses.scheduling.k8s.io "other" is forbidden: PriorityClass usual is already marked as default. Only one default can exist',
      ),
    )
  })
})

describe('a namespace', () => {
  test('that the cluster needs is not deleted', async () => {
    await api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } })
    await expect(api.delete({ apiVersion: 'v1', kind: 'Namespace', name: 'default' })).rejects.toMatchObject(
      forbidden('namespaces "default" is forbidden: this namespace may not be deleted'),
    )
  })
})

describe('a ResourceQuota', () => {
  test('refuses what would exceed it, and who does not say how much', async () => {
    const hard = { pods: '2', 'requests.cpu': '1', 'limits.memory': '1Gi', 'count/configmaps': '1' }
    await quota('compute', { hard })
    await make('v1', 'ConfigMap', 'a')
    await expect(make('v1', 'ConfigMap', 'c')).rejects.toMatchObject(
      forbidden(
        'configmaps "c" is forbidden: exceeded quota: compute, requested: count/configmaps=1, used: count/configmaps=1, limited: count/configmaps=1',
      ),
    )
    await expect(pod('p')).rejects.toMatchObject(
      forbidden('pods "p" is forbidden: failed quota: compute: must specify limits.memory for: c; requests.cpu for: c'),
    )
    await pod('p1', { requests: { cpu: '600m' }, limits: { memory: '100Mi' } })
    await expect(pod('p2', { requests: { cpu: '600m' }, limits: { memory: '2Gi' } })).rejects.toMatchObject(
      forbidden(
        'pods "p2" is forbidden: exceeded quota: compute, requested: limits.memory=2Gi,requests.cpu=600m, used: limits.memory=100Mi,requests.cpu=600m, limited: limits.memory=1Gi,requests.cpu=1',
      ),
    )
    await pod('p3', COMPUTE)
    await expect(pod('p4', COMPUTE)).rejects.toMatchObject(
      forbidden('pods "p4" is forbidden: exceeded quota: compute, requested: pods=1, used: pods=2, limited: pods=2'),
    )
  })

  test('has room again when something goes, or ends', async () => {
    await quota('q', { hard: { pods: '1' } })
    await pod('a')
    await expect(pod('b')).rejects.toMatchObject({ code: 403 })
    const running = await api.get<Pod>({ apiVersion: 'v1', kind: 'Pod', namespace: 'b', name: 'a' })
    await api.update({ ...running, status: { ...running.status, phase: 'Succeeded' } } as KubeObject, {
      subresource: 'status',
    })
    await pod('b')
    await api.delete({ apiVersion: 'v1', kind: 'Pod', namespace: 'b', name: 'b' })
    await pod('c')
  })

  test('asks in a dry run too, and takes nothing for it', async () => {
    await quota('q', { hard: { 'count/configmaps': '1' } })
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'b' } }
    await api.create(object, { dryRun: true })
    await api.create(object)
    const other = { ...object, metadata: { name: 'c', namespace: 'b' } }
    await expect(api.create(other, { dryRun: true })).rejects.toMatchObject({ code: 403 })
    await expect(api.apply(other, { fieldManager: 'm' })).rejects.toMatchObject({ code: 403 })
  })

  test('with scopes speaks of some pods only', async () => {
    await quota('effort', { hard: { pods: '0' }, scopes: ['BestEffort'] })
    await quota('class', {
      hard: { pods: '0' },
      scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In', values: ['high'] }] },
    })
    await priority('high', { value: 1 })
    await pod('a', COMPUTE)
    await expect(pod('b')).rejects.toThrow('exceeded quota: effort')
    await expect(pod('c', COMPUTE, { priorityClassName: 'high' })).rejects.toThrow('exceeded quota: class')
  })

  test('is filled by many at once exactly to its brim', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 12 }),
        fc.array(fc.constantFrom('create', 'apply', 'generate', 'delete', 'dry'), { minLength: 1, maxLength: 40 }),
        async (limit, steps) => {
          const busy = createApiServer({ store: memoryStore(), pki }).api
          await busy.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'b' } })
          const spec = { hard: { 'count/configmaps': `${limit}` } }
          await busy.create({
            apiVersion: 'v1',
            kind: 'ResourceQuota',
            metadata: { name: 'q', namespace: 'b' },
            spec,
          } as KubeObject)
          const map = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'b' } })
          const count = async () =>
            (await busy.list({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'b' })).items.length
          let most = 0
          const results = await Promise.allSettled(
            steps.map(async (step, i) => {
              if (step === 'create') await busy.create(map(`m${i}`))
              else if (step === 'apply') await busy.apply(map(`m${i}`), { fieldManager: 'm' })
              else if (step === 'generate')
                await busy.create({ ...map(''), metadata: { generateName: 'g', namespace: 'b' } })
              else if (step === 'dry') await busy.create(map(`m${i}`), { dryRun: true })
              else await busy.delete({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'b', name: `m${i - 1}` })
              most = Math.max(most, await count())
            }),
          )
          expect(most).toBeLessThanOrEqual(limit)
          const wanted = steps.filter(step => step !== 'delete' && step !== 'dry').length
          // Without deletions nobody is refused who fits.
          if (!steps.includes('delete') && !steps.includes('dry')) expect(await count()).toBe(Math.min(limit, wanted))
          for (const result of results) {
            if (result.status === 'rejected') expect(['Forbidden', 'NotFound']).toContain(result.reason.reason)
          }
        },
      ),
      { numRuns: 200 },
    )
  })
})

describe('handing out rights', () => {
  const RBAC = 'rbac.authorization.k8s.io'
  const eve = { name: 'b-eve', groups: ['system:authenticated'] }
  const rule = (verbs: string[], resources: string[], apiGroups = ['']) => ({ apiGroups, resources, verbs })
  const roleOf = (name: string, ...rules: object[]) =>
    ({ apiVersion: `${RBAC}/v1`, kind: 'Role', metadata: { name, namespace: 'b' }, rules }) as KubeObject
  const bindingOf = (name: string, kind: string, role: string, user: string) =>
    ({
      apiVersion: `${RBAC}/v1`,
      kind: 'RoleBinding',
      metadata: { name, namespace: 'b' },
      roleRef: { apiGroup: RBAC, kind, name: role },
      subjects: [{ kind: 'User', apiGroup: RBAC, name: user }],
    }) as KubeObject
  beforeEach(async () => {
    await api.create(
      roleOf(
        'maker',
        rule(['create', 'update', 'patch', 'get'], ['roles', 'rolebindings'], [RBAC]),
        rule(['get', 'list'], ['pods']),
      ),
    )
    await api.create(bindingOf('maker', 'Role', 'maker', 'b-eve'))
    await api.create(bindingOf('nowhere', 'ClusterRole', 'gone', 'b-eve'))
  })

  test('that one has is allowed', async () => {
    await server.as(eve).create(roleOf('less', rule(['get'], ['pods'])))
    await server.as(eve).create(bindingOf('friend', 'Role', 'less', 'friend'))
  })

  test('that one lacks is not', async () => {
    await expect(
      server.as(eve).create(roleOf('r1', rule(['get', 'delete'], ['pods', 'pods/log']))),
    ).rejects.toMatchObject(
      forbidden(
        'roles.rbac.authorization.k8s.io "r1" is forbidden: user "b-eve" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n' +
          '{APIGroups:[""], Resources:["pods"], Verbs:["delete"]}\n' +
          '{APIGroups:[""], Resources:["pods/log"], Verbs:["get" "delete"]}; resolution errors: [roles.rbac.authorization.k8s.io "gone" not found]',
      ),
    )
    await api.create(roleOf('more', rule(['delete'], ['pods'])))
    await expect(server.as(eve).create(bindingOf('rb', 'Role', 'more', 'x'))).rejects.toMatchObject({ code: 403 })
    await expect(server.as(eve).create(bindingOf('rb', 'ClusterRole', 'nix', 'x'))).rejects.toMatchObject({
      code: 404,
      message: 'rolebindings.rbac.authorization.k8s.io "nix" not found',
    })
    const less = await server.as(eve).create(roleOf('less', rule(['get'], ['pods'])))
    const grown = { ...less, rules: [rule(['get', 'delete'], ['pods'])] } as KubeObject
    await expect(server.as(eve).update(grown)).rejects.toMatchObject({ code: 403 })
    await server.as(ADMIN).update(grown)
  })

  test('is free to whoever may escalate and bind', async () => {
    await api.create(roleOf('free', rule(['escalate', 'bind'], ['roles'], [RBAC])))
    await api.create(bindingOf('free', 'Role', 'free', 'b-eve'))
    await server.as(eve).create(roleOf('all', rule(['*'], ['*'], ['*'])))
    await server.as(eve).create(bindingOf('all', 'Role', 'all', 'x'))
  })
})

test('claims and Ingresses get the default class', async () => {
  await api.create({
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: 'fast', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
    provisioner: 'x',
  } as KubeObject)
  const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } }
  const claim = (await make('v1', 'PersistentVolumeClaim', 'v', { spec })) as UnknownObject
  expect(claim.spec).toMatchObject({ storageClassName: 'fast' })
})

describe('a certificate request', () => {
  const PEM = '-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n'
  const at = { apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest', name: 'jane' }
  const condition = { type: 'Approved', status: 'True', reason: 'Because', message: 'x' }
  test('says who asked, and is approved by whoever may', async () => {
    const bob = { name: 'bob', groups: ['system:authenticated'] }
    const rules = [
      {
        apiGroups: ['certificates.k8s.io'],
        resources: ['certificatesigningrequests', 'certificatesigningrequests/approval'],
        verbs: ['*'],
      },
    ]
    await api.create({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'asks' },
      rules,
    } as KubeObject)
    await api.create({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'asks' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'asks' },
      subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'bob' }],
    } as KubeObject)
    const spec = {
      request: Buffer.from(PEM).toString('base64'),
      signerName: 'kubernetes.io/kube-apiserver-client',
      usages: ['client auth'],
      username: 'root',
    }
    const { name, ...type } = at
    const made = await server.as(bob).create({ ...type, metadata: { name }, spec } as KubeObject)
    expect(made.spec).toMatchObject({ username: 'bob', groups: ['system:authenticated'] })
    const approved = { ...made, status: { conditions: [condition], certificate: 'eA==' } } as KubeObject
    await expect(server.as(bob).update(approved, { subresource: 'approval' })).rejects.toMatchObject(
      forbidden(
        'certificatesigningrequests.certificates.k8s.io "jane" is forbidden: user not permitted to approve requests with signerName "kubernetes.io/kube-apiserver-client"',
      ),
    )
    expect((await api.update(approved, { subresource: 'approval' })).status).toEqual({ conditions: [condition] })
  })
})

describe('a namespace with a level of pod security', () => {
  const open = {
    hostNetwork: true,
    hostPID: true,
    volumes: [{ name: 'h', hostPath: { path: '/' } }],
    containers: [
      {
        name: 'c',
        image: 'x',
        ports: [{ containerPort: 80, hostPort: 80 }],
        securityContext: { privileged: true, capabilities: { add: ['NET_ADMIN'] } },
      },
    ],
  }
  const two = {
    containers: [
      { name: 'c', image: 'x' },
      { name: 'd', image: 'x', securityContext: { runAsUser: 0, privileged: true } },
    ],
  }
  const closed = {
    securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [
      { name: 'c', image: 'x', securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } } },
    ],
  }
  const label = (level: string) =>
    api.patch({ apiVersion: 'v1', kind: 'Namespace', name: 'b' }, 'merge', {
      metadata: { labels: { 'pod-security.kubernetes.io/enforce': level } },
    })

  test.each([
    [
      'baseline',
      open,
      'non-default capabilities (container "c" must not include "NET_ADMIN" in securityContext.capabilities.add), host namespaces (hostNetwork=true, hostPID=true), hostPath volumes (volume "h"), hostPort (container "c" uses hostPort 80), privileged (container "c" must not set securityContext.privileged=true)',
    ],
    ['baseline', two, 'privileged (container "d" must not set securityContext.privileged=true)'],
    [
      'restricted',
      open,
      'host namespaces (hostNetwork=true, hostPID=true), hostPort (container "c" uses hostPort 80), privileged (container "c" must not set securityContext.privileged=true), allowPrivilegeEscalation != false (container "c" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container "c" must set securityContext.capabilities.drop=["ALL"]; container "c" must not include "NET_ADMIN" in securityContext.capabilities.add), restricted volume types (volume "h" uses restricted volume type "hostPath"), runAsNonRoot != true (pod or container "c" must set securityContext.runAsNonRoot=true), seccompProfile (pod or container "c" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
    ],
    [
      'restricted',
      two,
      'privileged (container "d" must not set securityContext.privileged=true), allowPrivilegeEscalation != false (containers "c", "d" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (containers "c", "d" must set securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or containers "c", "d" must set securityContext.runAsNonRoot=true), runAsUser=0 (container "d" must not set runAsUser=0), seccompProfile (pod or containers "c", "d" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
    ],
  ])('%s refuses what is too open', async (level, spec, why) => {
    await label(level)
    await expect(make('v1', 'Pod', 'p', { spec })).rejects.toMatchObject(
      forbidden(`pods "p" is forbidden: violates PodSecurity "${level}:latest": ${why}`),
    )
    await make('v1', 'Pod', 'q', { spec: closed })
  })
})

describe('a node', () => {
  const node = { name: 'system:node:n1', groups: ['system:nodes', 'system:authenticated'] }
  test('speaks for itself and its own pods', async () => {
    const own = server.as(node)
    await own.create({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } })
    await expect(own.create({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n2' } })).rejects.toMatchObject(
      forbidden('nodes "n2" is forbidden: node "n1" is not allowed to modify node "n2"'),
    )
    const elsewhere = await pod('p', {}, { nodeName: 'n2' })
    await expect(own.update(elsewhere, { subresource: 'status' })).rejects.toMatchObject(
      forbidden(
        'pods "p" is forbidden: node "n1" can only update pod status for pods with spec.nodeName set to itself',
      ),
    )
    await make('v1', 'Secret', 's')
    const secret = { apiVersion: 'v1', kind: 'Secret', namespace: 'b', name: 's' }
    await expect(own.get(secret)).rejects.toMatchObject(
      forbidden(
        'secrets "s" is forbidden: User "system:node:n1" cannot get resource "secrets" in API group "" in the namespace "b": no relationship found between node \'n1\' and this object',
      ),
    )
    await pod('mine', {}, { nodeName: 'n1', volumes: [{ name: 'v', secret: { secretName: 's' } }] })
    await own.get(secret)
    const token = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      metadata: { name: 'default', namespace: 'b' },
      spec: { boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'p', uid: elsewhere.metadata.uid } },
    } as KubeObject
    await expect(own.create(token, { subresource: 'token' })).rejects.toMatchObject(
      forbidden(
        'serviceaccounts "default" is forbidden: node requested token bound to a pod scheduled on a different node',
      ),
    )
  })
})
