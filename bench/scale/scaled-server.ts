/** What is scaled: a Deployment of one, its Service, and a HorizontalPodAutoscaler by requests a second. */
import { join } from 'node:path'
import { packageRoot } from '../../src/base/package-root.ts'
import type { HttpApi } from '../../src/client/http-api.ts'
import type { HorizontalPodAutoscaler } from '../../src/kube/autoscaling.ts'
import type { Service } from '../../src/kube/core.ts'
import type { KubeObject } from '../../src/kube/object.ts'
import type { Deployment } from '../../src/kube/workloads.ts'

const metadata = { name: 'scaled', namespace: 'default' }
const SERVER = join(packageRoot(), 'bench/scale/server.mjs')

export interface Scaling {
  readonly max: number
  /** What one pod shall answer. */
  readonly perPod: number
  readonly stabilizationSeconds: number
}

export async function deployScaled(api: HttpApi, { max, perPod, stabilizationSeconds }: Scaling): Promise<string> {
  const labels = { app: 'scaled' }
  const annotations = { 'prometheus.io/scrape': 'true', 'prometheus.io/port': '8080' }
  const env = [{ name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }]
  const container = {
    ...{ name: 'server', command: ['node', SERVER], env, ports: [{ containerPort: 8080 }] },
    resources: { requests: { cpu: '10m', memory: '32Mi' } },
    readinessProbe: { httpGet: { path: '/ready', port: 8080 } },
    lifecycle: { preStop: { sleep: { seconds: 2 } } },
  }
  const objects = [
    {
      ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata },
      spec: {
        selector: { matchLabels: labels },
        template: { metadata: { labels, annotations }, spec: { containers: [container] } },
      },
    },
    {
      ...{ apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata },
      spec: {
        ...{ minReplicas: 1, maxReplicas: max },
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'scaled' },
        // Everything else is Kubernetes' default for `behavior`: up by 100 % or 4 pods each 15 s.
        behavior: { scaleDown: { stabilizationWindowSeconds: stabilizationSeconds } },
        metrics: [
          {
            type: 'Pods',
            pods: {
              metric: { name: 'http_requests_per_second' },
              target: { type: 'AverageValue', averageValue: `${Math.round(perPod * 1000)}m` },
            },
          },
        ],
      },
    },
  ]
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata,
    spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }] },
  }
  const { spec } = await api.create<Service>(service as KubeObject)
  for (const object of objects) await api.create(object as KubeObject)
  return `http://${spec.clusterIP}/`
}

/** Something changed, and when (milliseconds since 1970). */
export interface Moment {
  readonly at: number
  readonly wanted: number
  readonly ready: number
  /** Requests a second of a pod, as the autoscaler last saw it. */
  readonly rate: number
}

/** Calls `seen` with each change, until it says that it has seen enough. */
export async function watchScaled(api: HttpApi, seen: (moment: Moment) => boolean): Promise<void> {
  const end = new AbortController()
  let moment: Moment = { at: 0, wanted: 0, ready: 0, rate: 0 }
  const tell = (change: Partial<Moment>): void => {
    moment = { ...moment, ...change, at: performance.timeOrigin + performance.now() }
    if (!end.signal.aborted && seen(moment)) end.abort()
  }
  const follow = async <T extends KubeObject>(
    apiVersion: string,
    kind: string,
    read: (object: T) => Partial<Moment>,
  ) => {
    const options = { fieldSelector: 'metadata.name=scaled', signal: end.signal }
    for await (const { object } of api.watch<T>({ apiVersion, kind, namespace: 'default' }, options)) tell(read(object))
  }
  const quietly = (stream: Promise<void>): Promise<void> =>
    stream.catch(error => {
      if (!end.signal.aborted) throw error
    })
  await Promise.all([
    quietly(
      follow<Deployment>('apps/v1', 'Deployment', ({ spec, status }) => ({
        wanted: spec.replicas ?? 1,
        ready: status?.readyReplicas ?? 0,
      })),
    ),
    quietly(
      follow<HorizontalPodAutoscaler>('autoscaling/v2', 'HorizontalPodAutoscaler', ({ status }) => {
        const text = status?.currentMetrics?.[0]?.pods?.current.averageValue ?? '0'
        return { rate: text.endsWith('m') ? Number(text.slice(0, -1)) / 1000 : Number(text) }
      }),
    ),
  ])
}
