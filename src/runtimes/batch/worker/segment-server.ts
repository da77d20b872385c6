/** Serves a worker's map outputs to workers on other machines: one frame asks for a stretch of a file, the bytes are the answer. */
import { createReadStream } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { resolve, sep } from 'node:path'
import { FrameDecoder } from '../frames.ts'

export interface SegmentServer {
  readonly address: string
  close(): void
}

export async function serveSegments(host: string, folder: string): Promise<SegmentServer> {
  const inside = resolve(folder) + sep
  const server: Server = createServer(socket => {
    const decoder = new FrameDecoder()
    socket.on('error', () => socket.destroy())
    socket.on('data', bytes => {
      for (const message of decoder.push(bytes)) {
        const { path, offset, length } = message as { path: string; offset: number; length: number }
        // Only what lies in this worker's folder, whatever is asked for.
        if (!resolve(path).startsWith(inside)) return socket.destroy()
        const stream = createReadStream(path, { start: offset, end: offset + length - 1 })
        stream.on('error', () => socket.destroy())
        stream.pipe(socket)
      }
    })
  })
  server.unref()
  await new Promise<void>((done, failed) => {
    server.once('error', failed)
    server.listen(0, host, done)
  })
  const { port } = server.address() as { port: number }
  return { address: `${host}:${port}`, close: () => server.close() }
}
