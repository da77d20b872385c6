/** Where a pod's metrics are, by the annotations that Prometheus' users know: prometheus.io/{scrape,port,path,scheme}. */
import type { Pod } from '../../../kube/core.ts'

/** Undefined: it is not to be scraped, or cannot be yet. */
export function scrapeUrlOf({ metadata, spec, status }: Pod): string | undefined {
  const { annotations = {} } = metadata
  const isUp = status?.phase === 'Running' && status.podIP && !metadata.deletionTimestamp
  if (annotations['prometheus.io/scrape'] !== 'true' || !isUp) return undefined
  const port = annotations['prometheus.io/port'] ?? spec.containers.flatMap(({ ports = [] }) => ports)[0]?.containerPort
  const scheme = annotations['prometheus.io/scheme'] ?? 'http'
  const path = annotations['prometheus.io/path'] ?? '/metrics'
  if (!/^\d+$/.test(String(port)) || !/^https?$/.test(scheme)) return undefined
  return `${scheme}://${status.podIP?.includes(':') ? `[${status.podIP}]` : status.podIP}:${port}${path.startsWith('/') ? '' : '/'}${path}`
}

/** What to say where no pod has a value. */
export function whyNoValues(pods: readonly Pod[], metric: string, fault: string | undefined): string {
  if (!pods.some(({ metadata }) => metadata.annotations?.['prometheus.io/scrape'] === 'true')) {
    return 'no pod is annotated prometheus.io/scrape: "true" (and prometheus.io/port, prometheus.io/path)'
  }
  if (fault !== undefined) return fault
  const counter = metric.endsWith('_per_second') ? ` or counter ${metric.replace(/_per_second$/, '_total')}` : ''
  return `no pod has shown a metric ${metric}${counter} yet`
}
