/** The server's side: a node agent in another process as a `NodeApi`. */
import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { NodeApi, NodeUsage, Session } from '../../client/node-api.ts'
import { apiError } from '../../kube/status.ts'
import { readJsonLines, writeJsonLine } from '../../node/spawner/json-lines.ts'
import { socketPath } from '../../node/spawner/socket-path.ts'
import { answerOf, type End, type FromAgent, type Head, NODE_SOCKET, type Question, readLine } from './protocol.ts'

interface Answered<T> {
  readonly answer: T
  /** What follows the head. */
  readonly socket: Socket
}

/** `name` is for messages; the agent listens in `stateDir`. */
export function remoteNode(name: string, stateDir: string): NodeApi {
  const path = socketPath(stateDir, NODE_SOCKET)

  async function ask<T>(question: Question, signal?: AbortSignal): Promise<Answered<T>> {
    const socket = await reach(path, name)
    const leave = (): void => void socket.destroy()
    signal?.addEventListener('abort', leave)
    socket.on('close', () => signal?.removeEventListener('abort', leave))
    if (signal?.aborted) leave()
    writeJsonLine(socket, question)
    try {
      return { answer: answerOf<T>((await readLine(socket)) as Head<T>), socket }
    } catch (error) {
      socket.destroy()
      throw error
    }
  }

  async function start(question: Extract<Question, { op: 'exec' | 'attach' }>): Promise<Session> {
    const { answer, socket } = await ask<{ readonly session: number; readonly ends: readonly End[] }>(question)
    const { session, ends } = answer
    try {
      const opened = await Promise.all(
        ends.map(async end => [end, (await ask({ op: 'end', session, end })).socket] as const),
      )
      return sessionOver(socket, Object.fromEntries(opened))
    } catch (error) {
      socket.destroy()
      throw error
    }
  }

  return {
    async *logs(pod, container, { signal, ...options }) {
      let socket: Socket | undefined
      try {
        socket = (await ask({ op: 'logs', pod, container, options }, signal)).socket
        yield* socket as AsyncIterable<Uint8Array>
      } catch (error) {
        if (!signal?.aborted) throw error
      } finally {
        socket?.destroy()
      }
    },
    async usage() {
      const { answer, socket } = await ask<NodeUsage>({ op: 'usage' })
      socket.destroy()
      return answer
    },
    streams: {
      exec: (pod, container, options) => start({ op: 'exec', pod, container, options }),
      attach: (pod, container, options) => start({ op: 'attach', pod, container, options }),
      portForward: async (pod, port): Promise<Duplex> => (await ask({ op: 'port-forward', pod, port })).socket,
    },
  }
}

function reach(path: string, name: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path, allowHalfOpen: true })
    socket.once('connect', () => {
      socket.on('error', () => {})
      resolve(socket)
    })
    socket.once('error', () => reject(apiError('ServiceUnavailable', `no node agent answers for node ${name}`)))
  })
}

const KILLED = 137

function sessionOver(control: Socket, ends: Partial<Record<End, Socket>>): Session {
  const ended = new Promise<number>(resolve => {
    readJsonLines(control, said => resolve((said as FromAgent).exit))
    control.on('end', () => control.destroy())
    // An agent that is killed takes the commands along that it held.
    control.on('close', () => resolve(KILLED))
  })
  for (const output of [ends.stdout, ends.stderr]) output?.on('end', () => output.end())
  return {
    ...ends,
    resize: size => writeJsonLine(control, { resize: size }),
    ended,
    close() {
      for (const socket of [control, ...Object.values(ends)]) socket.destroy()
    },
  }
}
