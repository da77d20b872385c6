/** A cluster of the test's own for Spark: API server, controllers and scheduler in this process, a stand-in for the node, and who may do what. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensurePki } from '../../src/apiserver/pki/pki.ts'
import { createApiServer } from '../../src/apiserver/server.ts'
import { memoryStore } from '../../src/apiserver/store/open-store.ts'
import type { KubeApi } from '../../src/client/kube-api.ts'
import { writeKubeconfig } from '../../src/client/kubeconfig.ts'
import { bootstrap, bootstrapAccess } from '../../src/cluster/bootstrap.ts'
import { startControllers } from '../../src/controllers/start-controllers.ts'
import type { KubeObject } from '../../src/kube/object.ts'
import { startScheduler } from '../../src/scheduler/start-scheduler.ts'
import type { Spark } from './programs.ts'
import { type Door, openDoor } from './requests.ts'
import { startStandInNode } from './stand-in-node.ts'

export interface TestCluster {
  readonly api: KubeApi
  readonly door: Door
  /** Of the account `submitter`. */
  readonly kubeconfig: string
  /** Of the account `driver`, for `spark.kubernetes.authenticate.*`. */
  readonly caFile: string
  readonly tokenFile: string
  stop(): Promise<void>
}

export const NAMESPACE = 'spark-jobs'
/** Who submits to the cluster may edit the namespace; who drives a job may do what Spark's driver does and no more. */
const ACCOUNTS = ['submitter', 'driver'] as const
type Account = (typeof ACCOUNTS)[number]

export async function startTestCluster(spark: Spark): Promise<TestCluster> {
  const folder = mkdtempSync(join(tmpdir(), 'solvent-spark-'))
  const pki = ensurePki(join(folder, 'pki'))
  const store = memoryStore()
  const server = createApiServer({ store, pki })
  const { port } = await server.listen(['127.0.0.1'], 0)
  const { api } = server
  await bootstrap(api)
  await bootstrapAccess(api)
  const controllers = startControllers({ api, rootCa: pki.ca })
  const scheduler = startScheduler({ api })
  const door = await openDoor(pki, port)
  const node = await startStandInNode({ api, apiPort: door.port, folder: join(folder, 'pods'), spark })
  server.setNodeApi(() => node.nodeApi)
  for (const object of ACCESS) await api.create(object)

  const kubeconfig = join(folder, 'kubeconfig')
  const caFile = join(folder, 'ca.crt')
  const tokenFile = join(folder, 'driver.token')
  writeKubeconfig(kubeconfig, { server: door.url, ca: pki.ca, token: await tokenOf(api, 'submitter') })
  writeFileSync(caFile, pki.ca)
  writeFileSync(tokenFile, await tokenOf(api, 'driver'))
  return {
    ...{ api, door, kubeconfig, caFile, tokenFile },
    async stop() {
      await node.stop()
      door.close()
      await scheduler.stop()
      await controllers.stop()
      await server.close()
      await store.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** `kubectl create token NAME`. */
async function tokenOf(api: KubeApi, name: Account): Promise<string> {
  const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 3600 } }
  const metadata = { name, namespace: NAMESPACE }
  const { status } = await api.create({ ...request, metadata } as KubeObject, { subresource: 'token' })
  return (status as { token: string }).token
}

const named = (apiVersion: string, kind: string, name: string, rest: object = {}): KubeObject => ({
  apiVersion,
  kind,
  metadata: { name, ...(kind !== 'Namespace' && { namespace: NAMESPACE }) },
  ...rest,
})

const RBAC = 'rbac.authorization.k8s.io/v1'
const binding = (name: Account, role: object): KubeObject =>
  named(RBAC, 'RoleBinding', name, {
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', ...role },
    subjects: [{ kind: 'ServiceAccount', name, namespace: NAMESPACE }],
  })

const ACCESS: readonly KubeObject[] = [
  named('v1', 'Namespace', NAMESPACE),
  ...ACCOUNTS.map(name => named('v1', 'ServiceAccount', name)),
  named(RBAC, 'Role', 'driver', {
    rules: [
      {
        apiGroups: [''],
        resources: ['pods', 'configmaps', 'services', 'persistentvolumeclaims'],
        verbs: ['get', 'list', 'watch', 'create', 'delete', 'deletecollection'],
      },
    ],
  }),
  binding('driver', { kind: 'Role', name: 'driver' }),
  binding('submitter', { kind: 'ClusterRole', name: 'edit' }),
]
