/** The service that is treated badly: a Deployment of three behind a Service, as anybody would write it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../../src/base/package-root.ts'
import type { HttpApi } from '../../src/client/http-api.ts'
import type { ConfigMap, Pod, Service } from '../../src/kube/core.ts'
import type { KubeObject } from '../../src/kube/object.ts'

export type Manners = 'graceful' | 'abrupt'
/** Warm processes wait for a container to become; a restart in its pod is always a cold one. */
export type Start = 'warm' | 'cold'

export const NAMESPACE = 'default'
const PODS = { apiVersion: 'v1', kind: 'Pod', namespace: NAMESPACE }
export const SERVER = join(packageRoot(), 'bench/faults/server.mjs')
export const REPLICAS = 3
const PORT = 8080
/** Whoever still holds the address of a pod that goes gets an answer for so long. */
const DRAIN_SECONDS = 1

export const DEPLOYMENT = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: NAMESPACE, name: 'shop' }
export const CONFIG = { apiVersion: 'v1', kind: 'ConfigMap', namespace: NAMESPACE, name: 'shop' }

const metadata = { name: 'shop', namespace: NAMESPACE }

function template(manners: Manners, start: Start, version: string): object {
  const options = start === 'cold' ? ['--no-warnings'] : []
  return {
    metadata: { labels: { app: 'shop' }, annotations: { version } },
    spec: {
      terminationGracePeriodSeconds: 10,
      containers: [
        {
          name: 'server',
          command: ['node', ...options, SERVER, manners, String(PORT)],
          ports: [{ name: 'http', containerPort: PORT }],
          resources: { requests: { cpu: '10m', memory: '32Mi' } },
          readinessProbe: { httpGet: { path: '/', port: 'http' }, periodSeconds: 1 },
          lifecycle: { preStop: { sleep: { seconds: DRAIN_SECONDS } } },
          volumeMounts: [{ name: 'config', mountPath: '/etc/shop' }],
        },
      ],
      volumes: [{ name: 'config', configMap: { name: 'shop' } }],
    },
  }
}

/** Three that serve, and the address of their Service. */
export async function openShop(api: HttpApi, manners: Manners, start: Start): Promise<string> {
  const config: ConfigMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { greeting: '0' } }
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata,
    spec: { selector: { app: 'shop' }, ports: [{ port: 80, targetPort: 'http' }] },
  }
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata,
    spec: {
      replicas: REPLICAS,
      selector: { matchLabels: { app: 'shop' } },
      strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
      template: template(manners, start, '0'),
    },
  }
  await api.create(config)
  const { spec } = await api.create<Service>(service as KubeObject)
  await api.create(deployment as KubeObject)
  await untilPods(api, pods => pods.filter(isReady).length === REPLICAS)
  return `http://${spec.clusterIP}:80/`
}

export async function closeShop(api: HttpApi): Promise<void> {
  for (const ref of [DEPLOYMENT, CONFIG, { ...CONFIG, kind: 'Service' }]) await api.delete(ref)
  await untilPods(api, pods => pods.length === 0)
}

export const isReady = ({ metadata: { deletionTimestamp }, status }: Pod): boolean =>
  !deletionTimestamp && (status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false)

export const restartsOf = ({ status }: Pod): number => status?.containerStatuses?.[0]?.restartCount ?? 0

export const podsOf = async (api: HttpApi): Promise<readonly Pod[]> =>
  (await api.list<Pod>(PODS, { labelSelector: 'app=shop' })).items

/** Waits on a watch until it holds for all of them together. */
export async function untilPods(
  api: HttpApi,
  holds: (pods: readonly Pod[]) => boolean,
  timeoutMs = 60_000,
): Promise<void> {
  const stop = new AbortController()
  const timer = setTimeout(() => stop.abort(), timeoutMs)
  const pods = new Map<string, Pod>()
  try {
    const { items, metadata: list } = await api.list<Pod>(PODS, { labelSelector: 'app=shop' })
    for (const pod of items) pods.set(pod.metadata.name ?? '', pod)
    if (holds([...pods.values()])) return
    const options = { labelSelector: 'app=shop', resourceVersion: list.resourceVersion, signal: stop.signal }
    for await (const { type, object } of api.watch<Pod>(PODS, options)) {
      if (type === 'BOOKMARK') continue
      if (type === 'DELETED') pods.delete(object.metadata.name ?? '')
      else pods.set(object.metadata.name ?? '', object)
      if (holds([...pods.values()])) return
    }
  } finally {
    clearTimeout(timer)
    stop.abort()
  }
  const found = [...pods.values()].map(pod => `${pod.metadata.name}: ${JSON.stringify(pod.status?.conditions)}`)
  throw new Error(`the pods of the shop are not as awaited after ${timeoutMs / 1000} s:\n${found.join('\n')}`)
}

/** The group of the present life of a pod's server: from the record in the state folder, as `kill -9` on the node would find it. */
export function processGroup(state: string, pod: Pod): number {
  const life = restartsOf(pod)
  const record = readFileSync(join(state, 'pods', pod.metadata.uid ?? '', 'server', String(life), 'status'), 'utf8')
  const pid = Number(/^started (\d+)/m.exec(record)?.[1])
  if (!(pid > 1)) throw new Error(`no process of ${pod.metadata.name} in ${record}`)
  return pid
}

export const patchTemplate = (manners: Manners, start: Start, version: string): object => ({
  spec: { template: template(manners, start, version) },
})
