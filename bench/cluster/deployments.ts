/** What the benchmark runs: servers that are asked, pods that sleep, pods on simulated nodes. */
import { request } from 'node:http'
import type { HttpApi } from '../../src/client/http-api.ts'
import type { Node, Pod } from '../../src/kube/core.ts'
import type { KubeObject } from '../../src/kube/object.ts'
import type { Deployment } from '../../src/kube/workloads.ts'

const PORT = 18_090
const SERVER = `require('http').createServer((_, answer) => answer.end('ok')).listen(${PORT}, process.env.POD_IP)`

type Kind = 'server' | 'sleeper' | 'fake'

const CONTAINER: Readonly<Record<Kind, object>> = {
  server: {
    command: ['node', '-e', SERVER],
    readinessProbe: { tcpSocket: { port: PORT }, periodSeconds: 1 },
    env: [{ name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }],
  },
  sleeper: { command: ['sleep', '1000000'] },
  fake: { image: 'none', command: ['none'] },
}

const FAKE = {
  nodeSelector: { 'solvent.dev/fake': 'true' },
  tolerations: [{ key: 'solvent.dev/fake', operator: 'Exists' }],
}

export async function deploy(api: HttpApi, name: string, kind: Kind, replicas: number): Promise<void> {
  const container = { name: 'main', ...CONTAINER[kind], resources: { requests: { cpu: '1m', memory: '1Mi' } } }
  const spec = { terminationGracePeriodSeconds: 1, containers: [container], ...(kind === 'fake' && FAKE) }
  await api.apply(
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name, namespace: 'default' },
      spec: {
        replicas,
        selector: { matchLabels: { app: name } },
        template: { metadata: { labels: { app: name } }, spec },
      },
    } as unknown as KubeObject,
    { fieldManager: 'bench', force: true },
  )
}

export const podsOf = async (api: HttpApi, name: string): Promise<readonly Pod[]> =>
  (await api.list<Pod>({ apiVersion: 'v1', kind: 'Pod', namespace: 'default' }, { labelSelector: `app=${name}` })).items

export const isReady = ({ metadata, status }: Pod): boolean =>
  metadata.deletionTimestamp === undefined &&
  (status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false)

export async function readyNodes(api: HttpApi): Promise<number> {
  const { items } = await api.list<Node>({ apiVersion: 'v1', kind: 'Node' })
  return items.filter(({ status }) => status?.conditions?.some(each => each.type === 'Ready' && each.status === 'True'))
    .length
}

/** As the Deployment itself says. */
export async function isAvailable(api: HttpApi, name: string): Promise<boolean> {
  const { metadata, spec, status } = await api.get<Deployment>({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    namespace: 'default',
    name,
  })
  return status?.observedGeneration === metadata.generation && status?.availableReplicas === spec.replicas
}

export function answers(address: string): Promise<boolean> {
  return new Promise(resolve => {
    const asked = request({ host: address, port: PORT, agent: false, timeout: 500 }, answer => {
      answer.resume().on('end', () => resolve(true))
    })
    asked.on('timeout', () => asked.destroy())
    asked.on('error', () => resolve(false))
    asked.end()
  })
}

export async function until(what: string, holds: () => Promise<boolean>, timeoutMs = 240_000): Promise<number> {
  const begun = performance.now()
  while (!(await holds().catch(() => false))) {
    if (performance.now() - begun > timeoutMs) throw new Error(`${what}: not after ${timeoutMs / 1000} s`)
    await new Promise(resume => setTimeout(resume, 25))
  }
  return performance.now() - begun
}
