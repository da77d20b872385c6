/** The worker's line to its coordinator: found by name, opened again whenever it breaks, until the coordinator says stop. */
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { addressInHosts, type Environment } from '../environment.ts'
import { encodeFrame, FrameDecoder } from '../frames.ts'
import type { FromCoordinator, FromWorker } from '../protocol.ts'

const FIRST_BACKOFF_MS = 20
const LONGEST_BACKOFF_MS = 1_000
/** A coordinator that restarts is back long before; then the pod's own restart policy takes over. */
const PATIENCE_MS = 120_000

export interface LinkEvents {
  /** First message on every connection. */
  hello(): FromWorker
  onMessage(message: FromCoordinator): void
  /** Nobody answers any more. */
  onGivenUp(error: Error): void
}

export class CoordinatorLink {
  private socket: Socket | undefined
  private closed = false
  private readonly environment: Environment
  private readonly events: LinkEvents
  private readonly waiting: FromWorker[] = []
  private backoffMs = FIRST_BACKOFF_MS
  private lastConnectedMs = performance.now()

  constructor(environment: Environment, events: LinkEvents) {
    this.environment = environment
    this.events = events
  }

  open(): void {
    const { host, port } = resolveCoordinator(this.environment)
    const socket = connect({ host, port })
    const decoder = new FrameDecoder()
    let lastError = new Error('the coordinator closed the connection')
    socket.setNoDelay(true)
    socket.on('connect', () => {
      this.socket = socket
      this.backoffMs = FIRST_BACKOFF_MS
      socket.write(encodeFrame(this.events.hello()))
      for (const message of this.waiting.splice(0)) socket.write(encodeFrame(message))
    })
    socket.on('data', bytes => {
      for (const message of decoder.push(bytes)) this.events.onMessage(message as FromCoordinator)
    })
    socket.on('error', error => {
      lastError = error
    })
    socket.on('close', () => this.reopen(socket, lastError))
  }

  /** Sent now, or first thing on the next connection. */
  send(message: FromWorker): void {
    if (this.socket) this.socket.write(encodeFrame(message))
    else this.waiting.push(message)
  }

  close(): void {
    this.closed = true
    this.socket?.end()
  }

  private reopen(socket: Socket, error: Error): void {
    if (this.socket === socket) {
      this.socket = undefined
      this.lastConnectedMs = performance.now()
    }
    if (this.closed) return
    if (performance.now() - this.lastConnectedMs > PATIENCE_MS) {
      this.events.onGivenUp(error)
      return
    }
    setTimeout(() => this.open(), this.backoffMs)
    this.backoffMs = Math.min(LONGEST_BACKOFF_MS, this.backoffMs * 2)
  }
}

/** By the pod's hosts file where names of the cluster do not resolve, else by name. */
export function resolveCoordinator({ coordinator, hostsFile }: Environment): { host: string; port: number } {
  const { host, port } = coordinator
  if (hostsFile === undefined) return { host, port }
  try {
    return { host: addressInHosts(readFileSync(hostsFile, 'utf8'), host) ?? host, port }
  } catch {
    return { host, port }
  }
}
