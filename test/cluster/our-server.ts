/** Our API server, empty but for what a cluster has from the start, as the recorded requests need it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensurePki } from '../../src/apiserver/pki/pki.ts'
import { createApiServer } from '../../src/apiserver/server.ts'
import { memoryStore } from '../../src/apiserver/store/open-store.ts'
import { startControllers } from '../../src/controllers/start-controllers.ts'
import type { Server } from './send.ts'

export interface RunningServer {
  readonly server: Server
  close(): Promise<void>
}

export async function startOurServer({ controllers = false } = {}): Promise<RunningServer> {
  const folder = mkdtempSync(join(tmpdir(), 'solvent-oracle-'))
  const pki = ensurePki(join(folder, 'pki'))
  const store = memoryStore()
  const ours = createApiServer({ store, pki })
  const { port } = await ours.listen(['127.0.0.1'], 0)
  for (const name of ['default', 'kube-system', 'kube-public', 'kube-node-lease']) {
    await ours.api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
  }
  const running = controllers ? startControllers({ api: ours.api }) : undefined
  return {
    server: {
      url: `https://127.0.0.1:${port}`,
      tls: { ca: pki.ca },
      headers: { authorization: `Bearer ${pki.adminToken}` },
    },
    close: async () => {
      await running?.stop()
      await ours.close()
      await store.close()
      rmSync(folder, { recursive: true })
    },
  }
}
