/**
 * HTTP in front of a handler, and beside it, on a port of its own, what Prometheus reads. Asked to end, it goes on answering, each time with
 * `Connection: close`, until the last connection is gone: a connection that it closed by itself could be one on which a request is
 * just under way.
 */
import { createServer, type RequestListener, type Server } from 'node:http'
import type { Settings } from './settings.ts'

export interface Serving {
  /** Resolves when nobody is connected any more. */
  drain(): Promise<void>
}

export async function serve(
  handler: RequestListener,
  { port, metricsPort, host }: Pick<Settings, 'port' | 'metricsPort' | 'host'>,
): Promise<Serving> {
  let isLeaving = false
  let answered = 0
  const server = createServer((request, response) => {
    answered += 1
    if (isLeaving) response.setHeader('Connection', 'close')
    handler(request, response)
  })
  const connections = countConnections(server)
  const metrics = createServer((_request, response) => {
    response.setHeader('content-type', 'text/plain; version=0.0.4')
    response.end(metricsText(answered))
  })
  await Promise.all([listen(server, port, host), listen(metrics, metricsPort, host)])
  return {
    async drain() {
      isLeaving = true
      await connections.none()
      server.close()
      metrics.close()
      metrics.closeAllConnections()
    },
  }
}

const listen = (server: Server, port: number, host: string | undefined): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port, ...(host ? { host } : {}) }, resolve)
  })

function countConnections(server: Server): { none(): Promise<void> } {
  let open = 0
  let tell = (): void => {}
  server.on('connection', socket => {
    open += 1
    socket.once('close', () => {
      open -= 1
      if (open === 0) tell()
    })
  })
  return {
    none: () =>
      new Promise(resolve => {
        tell = resolve
        if (open === 0) resolve()
      }),
  }
}

function metricsText(answered: number): string {
  const { user, system } = process.cpuUsage()
  return [
    ['http_requests_total', 'counter', answered],
    ['process_cpu_seconds_total', 'counter', (user + system) / 1e6],
    ['process_resident_memory_bytes', 'gauge', process.memoryUsage.rss()],
  ]
    .map(([name, type, value]) => `# TYPE ${name} ${type}\n${name} ${value}\n`)
    .join('')
}
