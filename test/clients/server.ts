/** An API server of the test's own, with the few objects that a cluster has from the start and a node that answers for logs. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bootstrapRoles } from '../../src/apiserver/auth/rbac/bootstrap-roles.ts'
import { ensurePki } from '../../src/apiserver/pki/pki.ts'
import { type ApiServer, createApiServer } from '../../src/apiserver/server.ts'
import { memoryStore } from '../../src/apiserver/store/open-store.ts'
import type { LogOptions } from '../../src/client/kube-api.ts'

export interface TestServer {
  readonly server: ApiServer
  readonly kubeconfig: string
  close(): Promise<void>
}

const LINES = ['one', 'two', 'three']

/** Three lines; a follower gets a fourth one later. */
async function* logs(_pod: unknown, _container: string, { tailLines = LINES.length, follow }: LogOptions) {
  yield Buffer.from(
    LINES.slice(-tailLines)
      .map(line => `${line}\n`)
      .join(''),
  )
  if (follow) yield Buffer.from('four\n')
}

export async function startServer(): Promise<TestServer> {
  const folder = mkdtempSync(join(tmpdir(), 'solvent-clients-'))
  const pki = ensurePki(join(folder, 'pki'))
  const store = memoryStore()
  const server = createApiServer({ store, pki, nodeApi: () => ({ logs }) })
  const { port } = await server.listen(['127.0.0.1'], 0)
  for (const name of ['default', 'kube-system', 'kube-public']) {
    await server.api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
    await server.api.create({
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'default', namespace: name },
    })
  }
  await bootstrapRoles(server.api)
  const kubeconfig = join(folder, 'kubeconfig')
  writeFileSync(kubeconfig, JSON.stringify(configFor(`https://127.0.0.1:${port}`, pki.ca, pki.adminToken)))
  return {
    server,
    kubeconfig,
    close: async () => {
      await server.close()
      await store.close()
      rmSync(folder, { recursive: true })
    },
  }
}

const configFor = (server: string, ca: string, token: string) => ({
  apiVersion: 'v1',
  kind: 'Config',
  'current-context': 'test',
  contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
  clusters: [{ name: 'test', cluster: { server, 'certificate-authority-data': Buffer.from(ca).toString('base64') } }],
  users: [{ name: 'admin', user: { token } }],
})
