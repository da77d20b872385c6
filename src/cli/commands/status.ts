/** `solvent status`: whether the embedded cluster runs, where, and which programs it consists of. Exit code 1 when it does not run. */
import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import { lockOwner } from '../../node/spawner/lock.ts'
import { livingParts } from '../../node/spawner/part-record.ts'
import type { Invocation } from '../command.ts'
import { EXIT } from '../exit.ts'
import { isOff, nodeFolders } from '../node-folders.ts'
import { runningCluster, stateFolder } from '../state-folder.ts'

export async function run({ flags, terminal }: Invocation): Promise<number> {
  const folder = stateFolder(flags.text('state'))
  const cluster = runningCluster(folder)
  const code = cluster ? EXIT.ok : EXIT.error
  const parts = Object.fromEntries([...livingParts(folder)].map(([part, { pid }]) => [part, pid]))
  const nodes = nodeFolders(folder).map(stateOfNode)
  if (flags.text('output') === 'json') {
    const { server, kubeconfig, pid } = cluster ?? {}
    const further = cluster ? { parts, nodes } : {}
    terminal.print(
      JSON.stringify({ running: cluster !== undefined, state: folder, server, kubeconfig, pid, ...further }),
    )
    return code
  }
  if (!cluster) {
    const was = existsSync(join(folder, 'kubeconfig'))
    terminal.print(was ? `stopped; what it held is kept in ${folder}` : `no embedded cluster in ${folder}`)
    return code
  }
  terminal.print(`running at ${cluster.server} (pid ${cluster.pid})`)
  if (Object.keys(parts).length > 1) {
    terminal.print(
      `parts ${Object.entries(parts)
        .map(([part, pid]) => `${part} (pid ${pid})`)
        .join(', ')}`,
    )
  }
  for (const { name, isRunning, isHeldDown } of nodes) {
    terminal.print(
      `node ${name} ${isRunning ? 'runs' : isHeldDown ? `is down; solvent up --node ${name}` : 'is on its way back'}`,
    )
  }
  terminal.print(`state in ${folder}`)
  terminal.print(`export KUBECONFIG=${cluster.kubeconfig}`)
  return code
}

/** Of a node beside the first, which is the cluster itself. */
const stateOfNode = (folder: string) => ({
  name: basename(folder),
  isRunning: lockOwner(folder) !== undefined,
  isHeldDown: isOff(folder),
})
