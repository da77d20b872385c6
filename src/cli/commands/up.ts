/** `solvent up`: starts the embedded cluster and says where it is. A second one changes nothing and says the same. */
import { isSameShape, MAX_NODES, type Processes, rememberedShape, type Shape } from '../../cluster/shape.ts'
import type { Invocation } from '../command.ts'
import { startCluster } from '../embedded.ts'
import { EXIT, Exit, exitWithProblems, usageError } from '../exit.ts'
import type { Flags } from '../flags.ts'
import { stateFolder } from '../state-folder.ts'

export async function run({ args, flags, terminal }: Invocation): Promise<number> {
  if (args.length > 0) throw usageError('up takes no arguments')
  const folder = stateFolder(flags.text('state'))
  const node = flags.text('node')
  if (node !== undefined) {
    const { startNode } = await import('../one-node.ts')
    await startNode(folder, node)
    terminal.print(`node ${node} runs`)
    return EXIT.ok
  }
  const port = flags.count('port')
  if (port !== undefined && (port < 1 || port > 65_535)) throw usageError(`--port is between 1 and 65535, not ${port}`)
  const idleTimeoutSeconds = flags.has('idle-timeout') ? flags.seconds('idle-timeout', 0) : undefined
  const before = rememberedShape(folder)
  const shape = await wantedShape(before, flags)
  const { info, started } = await startCluster({ folder, port, idleTimeoutSeconds, shape })
  const { server, kubeconfig, pid } = info
  const isOther = !isSameShape(shape, before)
  if (!started && (isOther || (port !== undefined && new URL(server).port !== String(port)))) {
    const how = isOther ? ` with ${described(before)}` : ''
    throw new Exit(EXIT.error, `the cluster in ${folder} runs already${how}, at ${server}; stop it first: solvent down`)
  }
  if (flags.text('output') === 'json') {
    terminal.print(JSON.stringify({ server, kubeconfig, pid }))
    return EXIT.ok
  }
  terminal.print(`the embedded cluster ${started ? 'runs' : 'runs already'} at ${server}`)
  terminal.print(`export KUBECONFIG=${kubeconfig}`)
  return EXIT.ok
}

async function wantedShape(before: Shape, flags: Flags): Promise<Shape> {
  const nodes = flags.count('nodes') ?? before.nodes
  if (nodes < 1 || nodes > MAX_NODES) throw usageError(`--nodes is between 1 and ${MAX_NODES}, not ${nodes}`)
  const fakeNodes = flags.text('fake-nodes')
  if (fakeNodes !== undefined) await checkFakeNodes(fakeNodes)
  return {
    nodes,
    processes: (flags.text('processes') as Processes | undefined) ?? before.processes,
    ...((fakeNodes ?? before.fakeNodes) !== undefined && { fakeNodes: fakeNodes ?? before.fakeNodes }),
  }
}

const described = ({ nodes, processes }: Shape): string =>
  `${nodes} ${nodes === 1 ? 'node' : 'nodes'} in ${processes === 'one' ? 'one process' : 'several processes'}`

/** Checked here, so that a mistake is told before anything starts. */
async function checkFakeNodes(text: string): Promise<void> {
  const { parseFakeNodes } = await import('../../node/fake/parse-fake-nodes.ts')
  const wanted = parseFakeNodes(text)
  if (!wanted.ok) throw exitWithProblems(wanted.problems)
}
