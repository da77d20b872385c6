/** `solvent port-forward`: ports of this machine that lead to ports of a pod, or of a pod behind a Service or another owner. */
import { createServer, type Server, type Socket } from 'node:net'
import { openPortForward, type PortForward } from '../../client/streams/port-forward.ts'
import type { Invocation } from '../command.ts'
import { EXIT, Exit, usageError } from '../exit.ts'
import { podMeant, refuseEnded } from '../pod-meant.ts'
import { forwardedPorts, type PortPair } from '../port-pairs.ts'
import { openTarget } from '../target.ts'

export async function run(invocation: Invocation): Promise<number> {
  const { args, flags, terminal } = invocation
  const [word, ...words] = args
  if (word === undefined || words.length === 0)
    throw usageError('say where and which: (POD | TYPE/NAME) [LOCAL:]REMOTE ...')
  const target = await openTarget(invocation)
  const meant = await podMeant(target, word)
  refuseEnded(meant.pod, 'forward ports of')
  const pairs = forwardedPorts(words, meant.pod, meant.owner)
  const ref = { namespace: target.namespace, name: meant.pod.metadata.name ?? '' }
  const forward = await openPortForward(target.api.connection, ref)
  const addresses = (flags.text('address') ?? '127.0.0.1').split(',')
  const servers: Server[] = []
  const onProblem = (text: string): void => terminal.note(text)
  try {
    for (const address of addresses) {
      for (const pair of pairs) servers.push(await listen(address, pair, forward, onProblem, terminal.print))
    }
    const code = await Promise.race([forward.closed, interrupted()])
    if (code === undefined) throw new Exit(EXIT.error, `lost the connection to pod ${ref.name}`)
    return code
  } finally {
    for (const server of servers) server.close()
    forward.close()
  }
}

const interrupted = (): Promise<number> =>
  new Promise(resolve => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve(EXIT.interrupted))
  })

function listen(
  address: string,
  { local, remote }: PortPair,
  forward: PortForward,
  onProblem: (text: string) => void,
  print: (line: string) => void,
): Promise<Server> {
  const host = address === 'localhost' ? '127.0.0.1' : address
  const server = createServer({ allowHalfOpen: true }, (socket: Socket) => {
    forward.join(socket, remote).then(
      problem => problem !== undefined && onProblem(problem),
      (error: Error) => {
        socket.destroy()
        onProblem(error.message)
      },
    )
  })
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new Exit(
          EXIT.error,
          error.code === 'EADDRINUSE'
            ? `port ${local} of ${host} is in use. Choose another: ${local + 1}:${remote}, or :${remote} for a free one.`
            : `cannot listen on ${host}:${local}: ${error.message}`,
        ),
      ),
    )
    server.listen({ host, port: local }, () => {
      const bound = server.address()
      const port = typeof bound === 'object' && bound ? bound.port : local
      print(`Forwarding from ${host.includes(':') ? `[${host}]` : host}:${port} -> ${remote}`)
      resolve(server)
    })
  })
}
