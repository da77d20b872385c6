/** What each metric of an autoscaler asks for, and how it reads in its status (computeReplicasForMetric in upstream's horizontal.go). */
import type { MetricSpec, MetricStatus, MetricTarget, MetricValue } from '../../../kube/autoscaling.ts'
import { formatQuantity, milliValue } from '../../../kube/quantity.ts'
import { type CountInput, countForUsage, countForUtilization, type ReplicaCount } from './replica-count.ts'
import { requestsOf } from './requests-of.ts'
import type { Samples } from './samples.ts'

export type Proposal =
  | { readonly kind: 'count'; readonly replicas: number; readonly metric: string; readonly status: MetricStatus }
  /** `error`: what is wrong with the metric; `because`: without where it was asked. */
  | { readonly kind: 'failed'; readonly reason: string; readonly because: string; readonly error: string }

/** Of a metric that could not be read. */
export const NO_STATUS: MetricStatus = { type: '' }

export function propose(spec: MetricSpec, input: Omit<CountInput, 'resource' | 'samples'>, samples: Samples): Proposal {
  switch (spec.type) {
    case 'Resource': {
      const { name, target } = spec.resource ?? EMPTY_RESOURCE
      const proposal = proposeResource(name, '', target, input, samples)
      const { count, metric, because } = proposal
      if (!count) return failed('FailedGetResourceMetric', because, `failed to get ${name} resource metric value`)
      const current = currentOf(name, count)
      return {
        kind: 'count',
        replicas: count.replicas,
        metric,
        status: { type: 'Resource', resource: { name, current } },
      }
    }
    case 'ContainerResource': {
      const { name, container, target } = spec.containerResource ?? { ...EMPTY_RESOURCE, container: '' }
      const { count, metric, because } = proposeResource(name, container, target, input, samples)
      const reason = 'FailedGetContainerResourceMetric'
      if (!count) return failed(reason, because, `failed to get ${container} container metric value`)
      const containerResource = { name, container, current: currentOf(name, count) }
      return {
        kind: 'count',
        replicas: count.replicas,
        metric,
        status: { type: 'ContainerResource', containerResource },
      }
    }
    case 'Pods':
      return proposePods(spec, input, samples)
    case 'Object':
      return failed('FailedGetObjectMetric', notServed(spec), 'failed to get object metric value')
    case 'External':
      return failed(
        'FailedGetExternalMetric',
        notServed(spec),
        `failed to get ${spec.external?.metric.name} external metric value`,
      )
    default:
      return unknownType(spec)
  }
}

const EMPTY_RESOURCE: { name: string; target: MetricTarget } = { name: '', target: { type: 'Utilization' } }

const failed = (reason: string, because: string, where: string): Proposal => ({
  ...{ kind: 'failed', reason, because },
  error: `${where}: ${because}`,
})

function unknownType({ type }: { readonly type: string }): Proposal {
  const because = `unknown metric source type ${JSON.stringify(type)}`
  return { kind: 'failed', reason: 'InvalidMetricSourceType', because, error: because }
}

/** Upstream would ask an adapter that somebody installed. */
function notServed({ type, object, external }: MetricSpec): string {
  const api = type === 'Object' ? 'custom.metrics.k8s.io' : 'external.metrics.k8s.io'
  const what =
    type === 'Object'
      ? `unable to get metric ${object?.metric.name} on ${object?.describedObject.kind} ${object?.describedObject.name}`
      : `unable to get external metric ${external?.metric.name}`
  return `${what}: nothing serves ${api} in this cluster; use a metric of type Pods or Resource`
}

function proposeResource(
  name: string,
  container: string,
  target: MetricTarget,
  input: Omit<CountInput, 'resource' | 'samples'>,
  samples: Samples,
): { readonly count?: Counted; readonly metric: string; readonly because: string } {
  const all = { ...input, resource: name, samples: named(`unable to get metrics for resource ${name}`, samples) }
  if (target.averageValue !== undefined) {
    const result = countForUsage(all, milliValue(target.averageValue))
    return { ...told(result, `failed to get ${name} usage`), metric: `${name} resource` }
  }
  if (target.averageUtilization === undefined) return { metric: '', because: NO_TARGET }
  const requests = requestsOf(input.pods, name, container)
  const result = countForUtilization(all, target.averageUtilization, requests)
  const where = container === '' ? 'resource' : 'container resource'
  return {
    ...told(result, `failed to get ${name} utilization`),
    metric: `${name} ${where} utilization (percentage of request)`,
  }
}

const NO_TARGET =
  'invalid resource metric source: neither an average utilization target nor an average value (usage) target was set'

type Counted = Extract<ReplicaCount, { kind: 'count' }>

const told = (result: ReplicaCount, where: string): { readonly count?: Counted; readonly because: string } =>
  result.kind === 'count' ? { count: result, because: '' } : { because: `${where}: ${result.message}` }

const named = (what: string, samples: Samples): Samples =>
  samples.kind === 'values' ? samples : { kind: 'unavailable', message: `${what}: ${samples.message}` }

function proposePods(spec: MetricSpec, input: Omit<CountInput, 'resource' | 'samples'>, samples: Samples): Proposal {
  const { metric, target } = spec.pods ?? { metric: { name: '' }, target: { type: 'AverageValue' } as MetricTarget }
  const all = { ...input, resource: '', samples: named(`unable to get metric ${metric.name}`, samples) }
  const count = countForUsage(all, milliValue(target.averageValue ?? '0'))
  if (count.kind === 'failed') return failed('FailedGetPodsMetric', count.message, 'failed to get pods metric value')
  const pods = { metric, current: { averageValue: quantityOf('', count.averageMilli) } }
  return {
    ...{ kind: 'count', replicas: count.replicas, metric: `pods metric ${metric.name}` },
    status: { type: 'Pods', pods },
  }
}

const currentOf = (resource: string, { averageMilli, utilization }: Counted): MetricValue => ({
  ...(utilization === undefined ? {} : { averageUtilization: utilization }),
  averageValue: quantityOf(resource, averageMilli),
})

/** Memory is written in powers of 1024, as metrics-server does. */
const quantityOf = (resource: string, milli: number): string =>
  formatQuantity({ nanos: BigInt(milli) * 1_000_000n, format: resource === 'memory' ? 'BinarySI' : 'DecimalSI' })
