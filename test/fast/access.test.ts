/** Quotas and aggregated roles, with the controllers that keep them true. */
import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { KubeObject } from '../../src/kube/object.ts'
import type { ResourceQuota } from '../../src/kube/quota/resource-quota.ts'
import type { Role } from '../../src/kube/workloads.ts'
import { startTestCluster, type TestCluster } from './cluster-in-process.ts'

let cluster: TestCluster
beforeEach(async () => {
  cluster = await startTestCluster(() => 'runs')
})
afterEach(() => cluster.stop())

test("a quota's status follows what is there, up and down", async () => {
  const { api, when } = cluster
  const at = { apiVersion: 'v1', kind: 'ResourceQuota', namespace: 'default', name: 'q' }
  const hard = { pods: '3', 'requests.cpu': '1', 'count/jobs.batch': '5', 'limits.memory': '1Gi' }
  const metadata = { name: 'q', namespace: 'default' }
  await api.create({ apiVersion: 'v1', kind: 'ResourceQuota', metadata, spec: { hard } } as KubeObject)
  const used = (wanted: object) =>
    when<ResourceQuota>(at, ({ status }) => JSON.stringify(status?.used) === JSON.stringify(wanted))
  await used({ pods: '0', 'requests.cpu': '0', 'count/jobs.batch': '0', 'limits.memory': '0' })
  const resources = { requests: { cpu: '300m' }, limits: { memory: '100Mi' } }
  const pod = (name: string) =>
    ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'default' },
      spec: { containers: [{ name: 'c', image: 'x', resources }] },
    }) as KubeObject
  await api.create(pod('a'))
  await api.create(pod('b'))
  const status = (await used({ pods: '2', 'requests.cpu': '600m', 'count/jobs.batch': '0', 'limits.memory': '200Mi' }))
    .status
  expect(status?.hard).toEqual(hard)
  await api.delete({ apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: 'a' })
  await used({ pods: '1', 'requests.cpu': '300m', 'count/jobs.batch': '0', 'limits.memory': '100Mi' })
})

test('an aggregated role has the rules of those that are marked for it', async () => {
  const { api, when } = cluster
  const apiVersion = 'rbac.authorization.k8s.io/v1'
  const role = (name: string, content: object, labels = {}) =>
    api.create({ apiVersion, kind: 'ClusterRole', metadata: { name, labels }, ...content } as KubeObject)
  const rule = (resource: string) => ({ apiGroups: [''], resources: [resource], verbs: ['get'] })
  await role('all', { aggregationRule: { clusterRoleSelectors: [{ matchLabels: { part: 'yes' } }] }, rules: [] })
  await role('one', { rules: [rule('pods')] }, { part: 'yes' })
  await role('two', { rules: [rule('pods'), rule('nodes')] }, { part: 'yes' })
  await role('three', { rules: [rule('secrets')] }, { part: 'no' })
  const at = { apiVersion, kind: 'ClusterRole', name: 'all' }
  const rules = (wanted: readonly object[]) =>
    when<Role>(at, found => JSON.stringify(found.rules) === JSON.stringify(wanted))
  await rules([rule('pods'), rule('nodes')])
  await api.delete({ apiVersion, kind: 'ClusterRole', name: 'two' })
  await rules([rule('pods')])
})

test('an approved request for a client certificate is signed', async () => {
  const { api, when } = cluster
  const folder = mkdtempSync(join(tmpdir(), 'solvent-csr-'))
  const [csr, key] = [join(folder, 'csr'), join(folder, 'key')]
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  execFileSync('openssl', ['req', '-new', ...curve, '-subj', '/O=crew/CN=jane', '-keyout', key, '-out', csr], {
    stdio: 'ignore',
  })
  const request = readFileSync(csr).toString('base64')
  rmSync(folder, { recursive: true })
  const at = { apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest', name: 'jane' }
  const { name, ...type } = at
  const spec = { request, signerName: 'kubernetes.io/kube-apiserver-client', usages: ['client auth'] }
  const made = await api.create({ ...type, metadata: { name }, spec } as KubeObject)
  const conditions = [{ type: 'Approved', status: 'True', reason: 'Because', message: 'of a test' }]
  await api.update({ ...made, status: { conditions } } as KubeObject, { subresource: 'approval' })
  const signed = await when<KubeObject & { status?: { certificate?: string } }>(
    at,
    ({ status }) => status?.certificate !== undefined,
  )
  const certificate = new X509Certificate(Buffer.from(signed.status?.certificate ?? '', 'base64'))
  expect(certificate.subject).toBe('O=crew\nCN=jane')
})
