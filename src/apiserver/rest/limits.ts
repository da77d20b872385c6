/**
 * What a client may take: of time to say what it wants and to hear the answer, of header bytes, of connections. So that one that is slow or
 * means harm holds a connection for a while and nothing else. Sizes of bodies are in `body.ts`.
 */
import type { Server, ServerOptions } from 'node:https'
import type { Socket } from 'node:net'

export interface Limits {
  readonly handshakeMs: number
  /** For the whole head of a request; upstream's ReadHeaderTimeout. */
  readonly headMs: number
  /** For head and body; upstream's --request-timeout. Watches and streams are answered after it. */
  readonly requestMs: number
  readonly headBytes: number
  /** Between requests. Go's clients keep connections for 90 seconds; a server that closes first resets their next request. */
  readonly idleMs: number
  /** Without one byte of a waiting answer taken by the client. */
  readonly stallMs: number
  /** At once on one address. When there are more, those between requests are closed. */
  readonly connections: number
}

export const LIMITS: Limits = {
  handshakeMs: 10_000,
  headMs: 32_000,
  requestMs: 60_000,
  headBytes: 64 * 1024,
  idleMs: 120_000,
  stallMs: 60_000,
  connections: 10_000,
}

export const serverOptions = (limits: Limits): ServerOptions => ({
  handshakeTimeout: limits.handshakeMs,
  headersTimeout: limits.headMs,
  requestTimeout: limits.requestMs,
  maxHeaderSize: limits.headBytes,
  keepAliveTimeout: limits.idleMs,
  connectionsCheckingInterval: Math.min(5000, limits.headMs / 4),
})

/** Returns what ends the watching over `server`. */
export function keepLimits(server: Server, limits: Limits): () => void {
  server.maxConnections = limits.connections
  server.on('drop', () => server.closeIdleConnections())
  const moved = new Map<Socket, { readonly bytes: number; readonly atMs: number }>()
  server.on('secureConnection', socket => {
    moved.set(socket, { bytes: 0, atMs: performance.now() })
    socket.once('close', () => moved.delete(socket))
  })
  const timer = setInterval(() => {
    const now = performance.now()
    for (const [socket, last] of moved) {
      const bytes = socket.bytesWritten - socket.writableLength
      if (socket.writableLength === 0 || bytes !== last.bytes) moved.set(socket, { bytes, atMs: now })
      else if (now - last.atMs > limits.stallMs) socket.destroy()
    }
  }, limits.stallMs / 4)
  timer.unref()
  return () => clearInterval(timer)
}
