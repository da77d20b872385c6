/** A cluster of the benchmark's own with a Deployment of three small servers and a Service before it. */
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { rmSync, writeFileSync } from 'node:fs'
import { connect as connectTcp } from 'node:net'
import { join } from 'node:path'
import type { HttpApi } from '../../src/client/http-api.ts'
import type { EndpointSlice, Pod, Service } from '../../src/kube/core.ts'
import type { KubeObject } from '../../src/kube/object.ts'
import { connect, scratch, solvent } from '../start/own-cluster.ts'

export interface Place {
  readonly api: HttpApi
  readonly folder: string
  readonly serviceUrl: string
  readonly podUrls: readonly string[]
}

const PORT = 8080
const SERVICE_PORT = 8000

/** Listens at its own address: without a network of its own it shares the machine's with the other two. */
const SERVER = `const http = require('node:http')
const name = process.env.HOSTNAME
http.createServer((_, answer) => { answer.setHeader('x-served-by', name); answer.end('hello\\n') }).listen(${PORT}, process.env.POD_IP)
`

export const metadataOf = (name: string) => ({ name, namespace: 'default' })

export function deployment(name: string, script: string, replicas: number): KubeObject {
  const env = [{ name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }]
  const readinessProbe = { tcpSocket: { port: PORT }, periodSeconds: 1 }
  const container = { name: 'c', image: 'none', command: ['node', script], env, readinessProbe }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: metadataOf(name),
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { terminationGracePeriodSeconds: 1, containers: [{ ...container, ports: [{ containerPort: PORT }] }] },
      },
    },
  } as KubeObject
}

export const service = (name: string, annotations: Readonly<Record<string, string>> = {}): KubeObject =>
  ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { ...metadataOf(name), annotations },
    spec: { selector: { app: name }, ports: [{ port: SERVICE_PORT, targetPort: PORT }] },
  }) as KubeObject

export const urlOf = (made: Service): string => `http://${made.spec.clusterIP}:${SERVICE_PORT}/`

/** `env` is the cluster's: which isolation, which proxy. */
export async function withPlace<T>(
  env: Readonly<Record<string, string>>,
  use: (place: Place) => Promise<T>,
): Promise<T> {
  const folder = scratch()
  const state = join(folder, 'state')
  const run = (...args: readonly string[]): void => {
    const all = { ...process.env, ...env }
    execFileSync(process.execPath, [solvent, ...args, '--state', state], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: all,
    })
  }
  run('up')
  const api = await connect(state)
  try {
    const script = join(folder, 'server.cjs')
    writeFileSync(script, SERVER)
    await api.create(deployment('web', script, 3))
    const made = await api.create<Service>(service('web'))
    const pods = await untilServed(api, 'web', 3)
    await untilAnswered(urlOf(made))
    return await use({
      api,
      folder,
      serviceUrl: urlOf(made),
      podUrls: pods.map(address => `http://${address}:${PORT}/`),
    })
  } finally {
    api.close()
    run('down')
    rmSync(folder, { recursive: true, force: true })
  }
}

async function untilServed(api: HttpApi, name: string, count: number): Promise<readonly string[]> {
  for (;;) {
    const { items } = await api.list<EndpointSlice>(
      { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', namespace: 'default' },
      { labelSelector: `kubernetes.io/service-name=${name}` },
    )
    const ready = items.flatMap(each => each.endpoints.filter(({ conditions }) => conditions?.ready))
    if (ready.length === count) return ready.flatMap(({ addresses }) => addresses)
    await pause(20)
  }
}

/** The Service's own address leads somewhere. */
async function untilAnswered(url: string): Promise<void> {
  const { hostname, port } = new URL(url)
  for (;;) {
    const socket = connectTcp({ host: hostname, port: Number(port) })
    const isThere = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    socket.destroy()
    if (isThere) return
    await pause(20)
  }
}

export const pause = (ms: number): Promise<void> => new Promise(resume => setTimeout(resume, ms))

export const podsOf = async (api: HttpApi, name: string): Promise<readonly Pod[]> =>
  (await api.list<Pod>({ apiVersion: 'v1', kind: 'Pod', namespace: 'default' }, { labelSelector: `app=${name}` })).items
