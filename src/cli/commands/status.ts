/** `solvent status`: whether the embedded cluster runs and where. Exit code 1 when it does not. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Invocation } from '../command.ts'
import { EXIT } from '../exit.ts'
import { runningCluster, stateFolder } from '../state-folder.ts'

export async function run({ flags, terminal }: Invocation): Promise<number> {
  const folder = stateFolder(flags.text('state'))
  const cluster = runningCluster(folder)
  const code = cluster ? EXIT.ok : EXIT.error
  if (flags.text('output') === 'json') {
    const { server, kubeconfig, pid } = cluster ?? {}
    terminal.print(JSON.stringify({ running: cluster !== undefined, state: folder, server, kubeconfig, pid }))
    return code
  }
  if (!cluster) {
    const was = existsSync(join(folder, 'kubeconfig'))
    terminal.print(was ? `stopped; what it held is kept in ${folder}` : `no embedded cluster in ${folder}`)
    return code
  }
  terminal.print(`running at ${cluster.server} (pid ${cluster.pid})`)
  terminal.print(`state in ${folder}`)
  terminal.print(`export KUBECONFIG=${cluster.kubeconfig}`)
  return code
}
