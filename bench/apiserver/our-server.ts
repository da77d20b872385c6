/**
 * Our side: an API server alone (store on a disk, REST, RBAC, admission), as kube-apiserver + etcd are: no controllers, scheduler or nodes
 * beside it. Started by `servers.ts` as a process of its own:
 *
 *     node our-server.mjs FOLDER PORT (sync | no-sync)
 */
import { join } from 'node:path'
import { ensurePki } from '../../src/apiserver/pki/pki.ts'
import { createApiServer } from '../../src/apiserver/server.ts'
import type { Disk, DiskFile } from '../../src/apiserver/store/disk.ts'
import { nodeDisk } from '../../src/apiserver/store/node-disk.ts'
import { openStore } from '../../src/apiserver/store/open-store.ts'
import { bootstrap, bootstrapAccess } from '../../src/cluster/bootstrap.ts'

const [folder = '.', port = '0', sync = 'sync'] = process.argv.slice(2)

const unsynced = (file: DiskFile): DiskFile => ({ ...file, sync: async () => {} })
const withoutSync = (disk: Disk): Disk => ({
  ...disk,
  create: async name => unsynced(await disk.create(name)),
  open: async name => unsynced(await disk.open(name)),
  syncFolder: async () => {},
})

async function main(): Promise<void> {
  const disk = await nodeDisk(join(folder, 'store'))
  const store = await openStore(sync === 'sync' ? disk : withoutSync(disk))
  const pki = ensurePki(join(folder, 'pki'))
  const server = createApiServer({ store, pki, warn: message => console.error(message) })
  await server.listen(['127.0.0.1'], Number(port))
  await bootstrap(server.api)
  await bootstrapAccess(server.api)
  process.on('SIGTERM', () => process.exit(0))
}

main().catch(error => {
  console.error(error)
  process.exit(1)
})
