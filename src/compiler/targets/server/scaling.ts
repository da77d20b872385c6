/** How many copies of a Server run, who decides it, and what a cluster must have for that. */
import type { Problem } from '../../../base/problem.ts'
import type { KubeObject, UnknownObject } from '../../../kube/object.ts'
import type { Server } from '../../../spec/kinds.ts'
import type { Capabilities } from '../../capabilities.ts'
import { metadataFor, nameOf } from '../../made-for.ts'
import { requestRate } from './metrics.ts'

/** Where nothing is aimed at. */
const TARGET_CPU = 70
const IDLE_SECONDS = 60

export const leastCopies = ({ spec: { replicas } }: Server): number => replicas?.min ?? Math.min(1, replicas?.max ?? 1)
export const mostCopies = (server: Server): number => server.spec.replicas?.max ?? Math.max(leastCopies(server), 1)

/** Somebody else sets the Deployment's `replicas`: it is left out, or every apply would fight them. */
export const isScaled = (server: Server): boolean => mostCopies(server) > leastCopies(server)
export const isFromZero = (server: Server): boolean => leastCopies(server) === 0 && isScaled(server)

const needsAutoscaler = (server: Server): boolean => mostCopies(server) > Math.max(leastCopies(server), 1)

export function autoscalers(server: Server): readonly KubeObject[] {
  if (!needsAutoscaler(server)) return []
  const scaler: UnknownObject = {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: metadataFor(server, nameOf(server)),
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: nameOf(server) },
      // At 0 it rests, and whoever starts the first copy wakes it.
      minReplicas: Math.max(leastCopies(server), 1),
      maxReplicas: mostCopies(server),
      metrics: targets(server),
      // Upstream's defaults, which hold only where `behavior` is there: without it 1 to 10 takes three steps instead of two.
      behavior: {
        scaleUp: {
          policies: [
            { type: 'Percent', value: 100, periodSeconds: 15 },
            { type: 'Pods', value: 4, periodSeconds: 15 },
          ],
        },
      },
    },
  }
  return [scaler]
}

function targets(server: Server): readonly object[] {
  const { targetCpu, targetRequestsPerSecond } = server.spec.replicas ?? {}
  const cpu = targetCpu ?? (targetRequestsPerSecond === undefined ? TARGET_CPU : undefined)
  return [
    ...(targetRequestsPerSecond === undefined ? [] : [requestsTarget(server, targetRequestsPerSecond)]),
    ...(cpu === undefined
      ? []
      : [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: cpu } } }]),
  ]
}

const requestsTarget = (server: Server, perSecond: number): object => ({
  type: 'Pods',
  pods: { metric: { name: requestRate(server) }, target: { type: 'AverageValue', averageValue: String(perSecond) } },
})

export const idleSeconds = ({ spec: { replicas } }: Server): number => replicas?.idleSeconds ?? IDLE_SECONDS

/** What this cluster lacks for it. */
export function scalingProblems(server: Server, capabilities: Capabilities): readonly Problem[] {
  const { replicas = {}, resources } = server.spec
  const problems: Problem[] = []
  if (isFromZero(server) && !capabilities.fromZero) {
    problems.push({
      field: 'spec.replicas.min',
      what: 'is 0',
      why: 'nothing in this cluster holds a request while the first copy starts: Knative Serving and the HTTP add-on of KEDA do',
      fix: 'Write min: 1, or install one of them.',
    })
  }
  if (isFromZero(server) && capabilities.fromZero === 'knative' && replicas.targetCpu !== undefined) {
    const why = "Knative's autoscaler for CPU does not start from zero"
    problems.push({ field: 'spec.replicas.targetCpu', what: 'aims at CPU', why, fix: 'Write targetRequestsPerSecond.' })
  }
  if (replicas.targetRequestsPerSecond !== undefined && !isFromZero(server) && !capabilities.podMetrics) {
    problems.push({
      field: 'spec.replicas.targetRequestsPerSecond',
      what: 'aims at requests',
      why: 'this cluster serves no custom.metrics.k8s.io, where an autoscaler would read them',
      fix: 'Write targetCpu, or install prometheus-adapter.',
    })
  }
  if (resources?.auto && !capabilities.rightSizing) {
    problems.push({
      field: 'spec.resources.auto',
      what: 'is true',
      why: 'nothing in this cluster corrects requests: it serves no autoscaling.k8s.io/v1 VerticalPodAutoscaler',
      fix: 'Write cpu and memory, or install the Vertical Pod Autoscaler.',
    })
  }
  return problems
}

/** Requests that follow the use, on a cluster with the Vertical Pod Autoscaler. The embedded one reads an annotation. */
export function rightSizers(server: Server, capabilities: Capabilities): readonly KubeObject[] {
  if (!server.spec.resources?.auto || capabilities.rightSizing !== 'vpa') return []
  const scaler: UnknownObject = {
    apiVersion: 'autoscaling.k8s.io/v1',
    kind: 'VerticalPodAutoscaler',
    metadata: metadataFor(server, nameOf(server)),
    spec: {
      targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: nameOf(server) },
      updatePolicy: { updateMode: 'InPlaceOrRecreate' },
    },
  }
  return [scaler]
}
