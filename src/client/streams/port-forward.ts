/** Connections to a pod's ports, all over one SPDY connection: what every Kubernetes speaks, old and new. */
import type { Duplex } from 'node:stream'
import { text } from 'node:stream/consumers'
import type { Connection } from '../connection.ts'
import type { PodRef } from './pod-session.ts'
import { openSpdy } from './spdy/connection.ts'
import { upgradeToSpdy } from './spdy/upgrade.ts'

export interface PortForward {
  /** Joins `socket` with a port of the pod. Resolves when it is over; what went wrong with it is the answer. */
  join(socket: Duplex, port: number): Promise<string | undefined>
  readonly closed: Promise<void>
  close(): void
}

export async function openPortForward(connection: Connection, { namespace, name }: PodRef): Promise<PortForward> {
  const path = `/api/v1/namespaces/${namespace}/pods/${name}/portforward`
  const spdy = openSpdy(await upgradeToSpdy(connection, path, 'portforward.k8s.io'))
  let requests = 0

  return {
    async join(local, port) {
      const headers = { port: String(port), requestid: String(requests++) }
      const error = await spdy.open(new Map(Object.entries({ streamtype: 'error', ...headers })))
      error.end()
      const data = await spdy.open(new Map(Object.entries({ streamtype: 'data', ...headers })))
      local.on('error', () => data.reset())
      data.on('error', () => local.destroy()).once('close', () => local.destroy())
      local.pipe(data)
      data.pipe(local)
      const problem = await text(error).catch(() => '')
      return problem === '' ? undefined : problem
    },
    closed: spdy.closed,
    close: spdy.close,
  }
}
