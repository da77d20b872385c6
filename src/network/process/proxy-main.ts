/**
 * The proxy as a program of its own: what it carries is on no server's event loop and goes on when a server is killed. It waits a while for the
 * next one, as everything does that a server leaves behind.
 */
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { eachLine } from './each-line.ts'
import { createProcessProxy } from './process-proxy.ts'
import type { ProxyArguments, ProxyReply, ProxyRequest } from './proxy-protocol.ts'

async function main(): Promise<void> {
  const {
    socket: path,
    atServices,
    nodeAddresses,
    patienceSeconds,
  } = JSON.parse(process.argv[2] ?? '{}') as ProxyArguments
  const proxy = createProcessProxy({ atServices, nodeAddresses })
  const controllers = new Set<Socket>()
  let expiry: NodeJS.Timeout | undefined

  function end(): void {
    rmSync(path, { force: true })
    process.exit(0)
  }

  function wait(): void {
    clearTimeout(expiry)
    expiry = setTimeout(end, patienceSeconds * 1000)
  }

  async function answer(request: ProxyRequest): Promise<ProxyReply> {
    const { id } = request
    if ('apply' in request) return { id, refused: await proxy.apply(request.apply) }
    if ('traffic' in request) return { id, traffic: Object.fromEntries(await proxy.traffic()) }
    setImmediate(end)
    return { id }
  }

  rmSync(path, { force: true })
  const server = createServer(socket => {
    clearTimeout(expiry)
    controllers.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      controllers.delete(socket)
      if (controllers.size === 0) wait()
    })
    eachLine(socket, line => {
      void answer(JSON.parse(line) as ProxyRequest).then(
        reply => socket.writable && socket.write(`${JSON.stringify(reply)}\n`),
      )
    })
  })
  process.umask(0o077)
  server.listen(path)
  await once(server, 'listening')
  wait()
}

void main()
