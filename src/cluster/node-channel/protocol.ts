/**
 * What the server asks of a node agent in another process: `NodeApi` over a Unix socket. A connection is one question: a JSON line, a JSON
 * line as the answer's head, and then bytes, of a log, a connection or one end of a command. Each stream has a connection of its own, so
 * the pace of the slower side rules as with pipes, and each sees the other's end. Only the owner may enter the socket's folder.
 */
import type { Socket } from 'node:net'
import type { LogOptions } from '../../client/kube-api.ts'
import type { ExecOptions, SessionOptions, TerminalSize } from '../../client/node-api.ts'
import type { Pod } from '../../kube/core.ts'
import { ApiError, type Status } from '../../kube/status.ts'

/** The file beside the spawner's. */
export const NODE_SOCKET = 'node-socket'

export type Question =
  | { readonly op: 'logs'; readonly pod: Pod; readonly container: string; readonly options: LogOptions }
  | { readonly op: 'usage' }
  | { readonly op: 'exec'; readonly pod: Pod; readonly container: string; readonly options: ExecOptions }
  | { readonly op: 'attach'; readonly pod: Pod; readonly container: string; readonly options: SessionOptions }
  | { readonly op: 'port-forward'; readonly pod: Pod; readonly port: number }
  /** One end of a command that was started by another connection. */
  | { readonly op: 'end'; readonly session: number; readonly end: End }

export const ENDS = ['stdin', 'stdout', 'stderr'] as const
export type End = (typeof ENDS)[number]

export type Head<T = unknown> =
  | { readonly answer: T }
  | { readonly error: { readonly message: string; readonly status?: Status } }

/** On the connection that started a command: what the server says, and what the agent says. */
export type FromServer = { readonly resize: TerminalSize }
export type FromAgent = { readonly exit: number }

export interface StartedSession {
  readonly session: number
  readonly ends: readonly End[]
}

export const headOf = (error: unknown): Head => ({
  error: {
    message: error instanceof Error ? error.message : String(error),
    ...(error instanceof ApiError && { status: error.status }),
  },
})

export function answerOf<T>(head: Head<T>): T {
  if ('answer' in head) return head.answer
  const { message, status } = head.error
  throw status ? new ApiError(status) : new Error(message)
}

/** The first line of a connection. What follows it stays in the socket. */
export function readLine(socket: Socket): Promise<unknown> {
  return new Promise((resolve, reject) => {
    let text = Buffer.alloc(0)
    const gone = (): void => {
      forget()
      reject(new Error('the connection ended before it said what it wants'))
    }
    const take = (): void => {
      for (let chunk = socket.read() as Buffer | null; chunk !== null; chunk = socket.read() as Buffer | null) {
        text = Buffer.concat([text, chunk])
        const end = text.indexOf('\n')
        if (end < 0) continue
        forget()
        if (end + 1 < text.length) socket.unshift(text.subarray(end + 1))
        try {
          resolve(JSON.parse(text.subarray(0, end).toString()))
        } catch (error) {
          reject(error)
        }
        return
      }
    }
    const forget = (): void => {
      socket.off('readable', take).off('end', gone).off('close', gone).off('error', gone)
    }
    socket.on('readable', take).on('end', gone).on('close', gone).on('error', gone)
  })
}
