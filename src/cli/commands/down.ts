/** `solvent down`: ends the embedded cluster, pods included. What it holds stays in its state folder for the next `up`. */
import type { Invocation } from '../command.ts'
import { stopCluster } from '../embedded.ts'
import { EXIT, usageError } from '../exit.ts'
import { stateFolder } from '../state-folder.ts'

export async function run({ args, flags, terminal }: Invocation): Promise<number> {
  if (args.length > 0) throw usageError('down takes no arguments')
  const folder = stateFolder(flags.text('state'))
  const node = flags.text('node')
  if (node !== undefined) {
    const { stopNode } = await import('../one-node.ts')
    await stopNode(folder, node)
    terminal.print(`stopped node ${node}; it stays down until: solvent up --node ${node}`)
    return EXIT.ok
  }
  const stopped = await stopCluster(folder)
  terminal.print(stopped ? `stopped the embedded cluster in ${folder}` : `no embedded cluster runs in ${folder}`)
  return EXIT.ok
}
