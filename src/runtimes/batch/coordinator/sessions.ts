/** Connections of workers: who is there, whose lease has run out, what each says. A closed connection is a dead worker, at once. */
import { createServer, type Server, type Socket } from 'node:net'
import type { Clock } from '../../../base/clock.ts'
import { encodeFrame, FrameDecoder } from '../frames.ts'
import { type FromCoordinator, type FromWorker, HEARTBEAT_MS, LEASE_MS } from '../protocol.ts'

export type Hello = Extract<FromWorker, { type: 'hello' }>
export type Report = Exclude<FromWorker, { type: 'hello' | 'alive' }>

export interface SessionEvents {
  /** False: not one of ours, its connection is closed. */
  onHello(hello: Hello): boolean
  onAlive(worker: string, bytesDone: number): void
  onReport(worker: string, report: Report): void
  onGone(worker: string): void
}

interface Session {
  readonly socket: Socket
  lastHeardMs: number
}

export class Sessions {
  private readonly sessions = new Map<string, Session>()
  private readonly sockets = new Set<Socket>()
  private readonly server: Server
  private readonly clock: Clock
  private readonly events: SessionEvents
  private cancelTick: () => void = () => {}

  constructor(clock: Clock, events: SessionEvents) {
    this.clock = clock
    this.events = events
    this.server = createServer(socket => this.accept(socket))
  }

  async listen(host: string, port: number): Promise<number> {
    await new Promise<void>((done, failed) => {
      this.server.once('error', failed)
      this.server.listen(port, host, done)
    })
    this.tick()
    return (this.server.address() as { port: number }).port
  }

  send(worker: string, message: FromCoordinator): void {
    this.sessions.get(worker)?.socket.write(encodeFrame(message))
  }

  /** Tells every worker that there is nothing more to do, and gives them time to hang up. */
  async stopAll(patienceMs: number): Promise<void> {
    this.cancelTick()
    const stop = encodeFrame({ type: 'stop' } satisfies FromCoordinator)
    for (const { socket } of this.sessions.values()) socket.write(stop)
    const closed = new Promise<void>(done => {
      const look = (): void => {
        if (this.sessions.size === 0) done()
      }
      for (const { socket } of this.sessions.values()) socket.once('close', look)
      look()
      this.clock.after(patienceMs, done)
    })
    const keepAlive = setTimeout(() => {}, patienceMs)
    await closed
    clearTimeout(keepAlive)
    this.server.close()
    for (const socket of this.sockets) socket.destroy()
  }

  private accept(socket: Socket): void {
    socket.setNoDelay(true)
    this.sockets.add(socket)
    const decoder = new FrameDecoder()
    let worker: string | undefined
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      this.sockets.delete(socket)
      if (worker !== undefined && this.sessions.get(worker)?.socket === socket) {
        this.sessions.delete(worker)
        this.events.onGone(worker)
      }
    })
    socket.on('data', bytes => {
      for (const message of decoder.push(bytes) as FromWorker[]) {
        if (message.type === 'hello') worker = this.welcome(message, socket)
        else if (message.type === 'alive') this.hear(message.worker, message.bytesDone)
        else if (worker !== undefined && this.sessions.get(worker)?.socket === socket) {
          this.hear(worker)
          this.events.onReport(worker, message)
        }
      }
    })
  }

  private welcome(hello: Hello, socket: Socket): string | undefined {
    const { worker } = hello
    const earlier = this.sessions.get(worker)
    if (earlier) {
      // The same pod again, before its old connection was known to be closed.
      this.sessions.delete(worker)
      earlier.socket.destroy()
      this.events.onGone(worker)
    }
    this.sessions.set(worker, { socket, lastHeardMs: this.clock.monotonicMs() })
    if (this.events.onHello(hello)) return worker
    this.sessions.delete(worker)
    socket.end(encodeFrame({ type: 'stop' } satisfies FromCoordinator))
    return undefined
  }

  private hear(worker: string, bytesDone?: number): void {
    const session = this.sessions.get(worker)
    if (!session) return
    session.lastHeardMs = this.clock.monotonicMs()
    if (bytesDone !== undefined) this.events.onAlive(worker, bytesDone)
  }

  /** Ends leases that nobody renewed: a worker that hangs, or a network that is cut without saying so. */
  private tick(): void {
    const now = this.clock.monotonicMs()
    for (const { socket, lastHeardMs } of this.sessions.values()) if (now - lastHeardMs > LEASE_MS) socket.destroy()
    this.cancelTick = this.clock.after(HEARTBEAT_MS, () => this.tick())
  }
}
