/** A command inside a pod, or its main process, as a client holds it: streams over a WebSocket, the exit code from its last word. */
import { text } from 'node:stream/consumers'
import { ApiError, type Status } from '../../kube/status.ts'
import type { Connection } from '../connection.ts'
import type { Session, SessionOptions } from '../node-api.ts'
import { CHANNEL, openChannels, V4, V5 } from './channels.ts'
import { openWebSocket } from './web-socket.ts'

export interface PodRef {
  readonly namespace: string
  readonly name: string
}

/** As a client has it: the end of `stdin` is the command's end of input. */
export interface PodSession extends Session {
  /** The exit code; ApiError where the command could not be run, Error where the connection broke. */
  readonly ended: Promise<number>
}

export interface PodSessionOptions extends SessionOptions {
  readonly container?: string
  /** Absent: the main process. */
  readonly command?: readonly string[]
}

export async function openPodSession(
  connection: Connection,
  { namespace, name }: PodRef,
  { command, container, ...streams }: PodSessionOptions,
): Promise<PodSession> {
  const query = new URLSearchParams()
  for (const word of command ?? []) query.append('command', word)
  if (container !== undefined) query.set('container', container)
  for (const [flag, isOn] of Object.entries(streams)) if (isOn) query.set(flag, 'true')
  const path = `/api/v1/namespaces/${namespace}/pods/${name}/${command === undefined ? 'attach' : 'exec'}`
  const socket = await openWebSocket(connection, { path, query, protocols: [V5, V4] })
  const channels = openChannels(socket, socket.protocol)
  const errors = channels.readable(CHANNEL.error)
  const sizes = streams.tty ? channels.writable(CHANNEL.resize) : undefined
  const session: PodSession = {
    ...(streams.stdin && { stdin: channels.closable(CHANNEL.stdin) }),
    ...(streams.stdout && { stdout: channels.readable(CHANNEL.stdout) }),
    ...(streams.stderr && { stderr: channels.readable(CHANNEL.stderr) }),
    resize: ({ width, height }) => void sizes?.write(JSON.stringify({ Width: width, Height: height })),
    ended: text(errors).then(exitCodeFrom),
    close: channels.close,
  }
  socket.resume()
  return session
}

function exitCodeFrom(word: string): number {
  if (word === '') {
    throw Object.assign(new Error('the connection broke off before the command ended'), { code: 'ECONNRESET' })
  }
  const status = JSON.parse(word) as Status
  if (status.status === 'Success') return 0
  const cause = status.details?.causes?.find(({ reason }) => reason === 'ExitCode')
  if (cause) return Number(cause.message)
  throw new ApiError({ ...status, code: status.code ?? 500 })
}
