/** `solvent up`: starts the embedded cluster and says where it is. A second one changes nothing and says the same. */
import type { Invocation } from '../command.ts'
import { startCluster } from '../embedded.ts'
import { EXIT, Exit, usageError } from '../exit.ts'
import { stateFolder } from '../state-folder.ts'

export async function run({ args, flags, terminal }: Invocation): Promise<number> {
  if (args.length > 0) throw usageError('up takes no arguments')
  const folder = stateFolder(flags.text('state'))
  const port = flags.count('port')
  if (port !== undefined && (port < 1 || port > 65_535)) throw usageError(`--port is between 1 and 65535, not ${port}`)
  const idleTimeoutSeconds = flags.has('idle-timeout') ? flags.seconds('idle-timeout', 0) : undefined
  const { info, started } = await startCluster({ folder, port, idleTimeoutSeconds })
  const { server, kubeconfig, pid } = info
  if (!started && port !== undefined && new URL(server).port !== String(port)) {
    throw new Exit(EXIT.error, `the cluster in ${folder} runs already, at ${server}; stop it first: solvent down`)
  }
  if (flags.text('output') === 'json') {
    terminal.print(JSON.stringify({ server, kubeconfig, pid }))
    return EXIT.ok
  }
  terminal.print(`the embedded cluster ${started ? 'runs' : 'runs already'} at ${server}`)
  terminal.print(`export KUBECONFIG=${kubeconfig}`)
  return EXIT.ok
}
