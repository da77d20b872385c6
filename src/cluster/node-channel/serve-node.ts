/** The agent's side: answers the server's questions from the agent's own `NodeApi`. */
import { rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { dirname } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { NodeApi, NodeStreams, Session } from '../../client/node-api.ts'
import { apiError } from '../../kube/status.ts'
import { readJsonLines, writeJsonLine } from '../../node/spawner/json-lines.ts'
import { makePrivate, socketPath } from '../../node/spawner/socket-path.ts'
import { ENDS, type FromServer, headOf, NODE_SOCKET, type Question, readLine } from './protocol.ts'

export interface NodeService {
  close(): void
}

/** What is said first, and what the connection carries after that; without, it ends. */
interface Reply {
  readonly answer: unknown
  readonly carry?: () => Promise<void>
}

type Handlers = {
  readonly [O in Question['op']]: (question: Extract<Question, { op: O }>, socket: Socket) => Promise<Reply>
}

/** Listens in the node's state folder. */
export function serveNode(stateDir: string, node: NodeApi): NodeService {
  const path = socketPath(stateDir, NODE_SOCKET)
  const handlers = handlersOf(node)
  const open = new Set<Socket>()

  async function serve(socket: Socket): Promise<void> {
    let reply: Reply
    try {
      const question = (await readLine(socket)) as Question
      reply = await (handlers[question.op] as (question: Question, socket: Socket) => Promise<Reply>)(question, socket)
    } catch (error) {
      writeJsonLine(socket, headOf(error))
      socket.end()
      return
    }
    writeJsonLine(socket, { answer: reply.answer })
    if (reply.carry) await reply.carry()
    else socket.end()
  }

  const server: Server = createServer({ allowHalfOpen: true }, socket => {
    open.add(socket)
    socket.on('close', () => open.delete(socket))
    socket.on('error', () => {})
    // What fails after the head is told by the end of the connection alone, as it is with a pipe.
    serve(socket).catch(() => socket.destroy())
  })
  makePrivate(dirname(path))
  rmSync(path, { force: true })
  server.listen(path)

  return {
    close() {
      server.close()
      for (const socket of open) socket.destroy()
      rmSync(path, { force: true })
    },
  }
}

function handlersOf(node: NodeApi): Handlers {
  const sessions = new Map<number, Session>()
  let serial = 0

  /** The connection that started a command is the caller: when it goes, the command goes. */
  function begin(session: Session, socket: Socket): Reply {
    const number = serial++
    sessions.set(number, session)
    const leave = (): void => {
      sessions.delete(number)
      session.close()
    }
    if (socket.destroyed) leave()
    socket.on('close', leave)
    socket.on('end', () => socket.destroy())
    return {
      answer: { session: number, ends: ENDS.filter(each => session[each] !== undefined) },
      async carry() {
        readJsonLines(socket, said => session.resize((said as FromServer).resize))
        writeJsonLine(socket, { exit: await session.ended })
      },
    }
  }

  return {
    async logs({ pod, container, options }, socket) {
      const stop = new AbortController()
      socket.on('close', () => stop.abort())
      socket.on('end', () => stop.abort())
      socket.resume()
      const bytes = node.logs(pod, container, { ...options, signal: stop.signal })[Symbol.asyncIterator]()
      // What is wrong with the question is said with the first bytes.
      const first = await bytes.next()
      return { answer: {}, carry: () => pipeline(Readable.from(from(first, bytes), { objectMode: false }), socket) }
    },
    async usage() {
      if (!node.usage) throw apiError('ServiceUnavailable', 'this node measures nothing')
      return { answer: await node.usage() }
    },
    exec: async ({ pod, container, options }, socket) =>
      begin(await streamsOf(node).exec(pod, container, options), socket),
    attach: async ({ pod, container, options }, socket) =>
      begin(await streamsOf(node).attach(pod, container, options), socket),
    async 'port-forward'({ pod, port }, socket) {
      const target = await streamsOf(node).portForward(pod, port)
      return {
        answer: {},
        async carry() {
          await Promise.all([pipeline(socket, target), pipeline(target, socket)])
        },
      }
    },
    async end({ session: number, end }, socket) {
      const session = sessions.get(number)
      if (!session?.[end]) throw new Error(`there is no ${end} of session ${number}`)
      const { stdin } = session
      const output = end === 'stdin' ? undefined : session[end]
      return {
        answer: {},
        async carry() {
          if (output) await pipeline(output, socket)
          else if (stdin) await pipeline(socket, stdin).finally(() => socket.end())
        },
      }
    },
  }
}

async function* from<T>(first: IteratorResult<T>, rest: AsyncIterator<T>): AsyncGenerator<T, void, void> {
  try {
    for (let next = first; !next.done; next = await rest.next()) yield next.value
  } finally {
    await rest.return?.()
  }
}

function streamsOf({ streams }: NodeApi): NodeStreams {
  if (!streams) throw apiError('ServiceUnavailable', 'this node runs nothing that one could enter')
  return streams
}
