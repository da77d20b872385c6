/** Answers the spawner's socket: each request by one function of a table. */
import { rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { dirname } from 'node:path'
import type { Children } from './children.ts'
import { runHostCommand } from './host-command.ts'
import { readJsonLines, writeJsonLine } from './json-lines.ts'
import type { Answer, Ask, Message, Operation, Request, SpawnerReport } from './protocol.ts'
import { makePrivate } from './socket-path.ts'

export interface Service {
  /** To every agent. */
  tell(message: Message): void
  readonly agents: number
  close(): void
}

export interface ServiceOptions {
  readonly socket: string
  readonly children: Children
  readonly report: () => SpawnerReport
  readonly shutdown: (graceMs: number | undefined) => void
  /** Agents came or went. */
  readonly onAgents: (count: number) => void
}

type Handlers = { readonly [O in Operation]: (ask: Ask<O>, from: Socket) => Answer<O> | Promise<Answer<O>> }

export function serve({ socket, children, report, shutdown, onAgents }: ServiceOptions): Service {
  const agents = new Set<Socket>()

  const handlers: Handlers = {
    hello({ role }, from) {
      if (role === 'agent') {
        agents.add(from)
        onAgents(agents.size)
      }
      return { pid: process.pid }
    },
    start: ask => children.start(ask),
    handOver({ process, line }) {
      children.handOver(process, line)
      return {}
    },
    signal: ({ process, signal }) => ({ sent: children.signal(process, signal) }),
    adopt: ({ processes }) => ({ alive: children.adopt(processes) }),
    run: runHostCommand,
    list: report,
    shutdown({ graceMs }) {
      shutdown(graceMs)
      return {}
    },
  }

  async function answer(request: Request, from: Socket): Promise<void> {
    const { id, op, ask } = request
    try {
      const handler = handlers[op] as (ask: unknown, from: Socket) => unknown
      writeJsonLine(from, { id, answer: await handler(ask, from) })
    } catch (error) {
      writeJsonLine(from, { id, error: (error as Error).message })
    }
  }

  const server: Server = createServer(from => {
    readJsonLines(from, value => void answer(value as Request, from))
    from.on('error', () => {})
    from.on('close', () => {
      if (agents.delete(from)) onAgents(agents.size)
    })
  })
  makePrivate(dirname(socket))
  // Only the owner of the lock comes here, so whatever lies there is a dead one's.
  rmSync(socket, { force: true })
  server.listen(socket)

  return {
    tell(message) {
      for (const agent of agents) writeJsonLine(agent, message)
    },
    get agents() {
      return agents.size
    },
    close() {
      server.close()
      rmSync(socket, { force: true })
    },
  }
}
