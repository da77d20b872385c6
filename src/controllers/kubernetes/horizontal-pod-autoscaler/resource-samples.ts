/** What pods use of a resource, from metrics.k8s.io (pkg/controller/podautoscaler/metrics/client.go). */
import type { KubeApi } from '../../../client/kube-api.ts'
import type { PodMetrics } from '../../../kube/autoscaling.ts'
import { parseDuration } from '../../../kube/cel/time.ts'
import { milliValue } from '../../../kube/quantity.ts'
import { type Sample, type Samples, unavailable } from './samples.ts'

export async function fetchPodMetrics(
  api: KubeApi,
  namespace: string,
  labelSelector: string,
): Promise<readonly PodMetrics[] | string> {
  try {
    const collection = { apiVersion: 'metrics.k8s.io/v1beta1', kind: 'PodMetrics', namespace }
    const { items } = await api.list<PodMetrics>(collection, { labelSelector })
    return items.length > 0 ? items : 'no metrics returned from resource metrics API'
  } catch (error) {
    return `unable to fetch metrics from resource metrics API: ${(error as Error).message}`
  }
}

/** Of one container, or (`container` empty) of whole pods: one whose containers are not all measured has no value. */
export function resourceSamples(metrics: readonly PodMetrics[] | string, resource: string, container: string): Samples {
  if (typeof metrics === 'string') return unavailable(metrics)
  const values = new Map<string, Sample>()
  for (const { metadata, timestamp, window, containers } of metrics) {
    const counted = containers.filter(({ name }) => container === '' || name === container)
    const used = counted.map(({ usage }) => usage[resource])
    if (counted.length === 0 || used.includes(undefined)) continue
    const milli = used.reduce((sum, quantity) => sum + milliValue(quantity ?? '0'), 0)
    const windowMs = Number((parseDuration(window) ?? 0n) / 1_000_000n)
    values.set(metadata.name ?? '', { milli, at: Date.parse(timestamp), windowMs })
  }
  return { kind: 'values', values }
}
