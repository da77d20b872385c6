/** Where a copy tells how many requests it answered, in the annotations that Prometheus' own examples scrape by. */
import type { Server } from '../../../spec/kinds.ts'

/** OpenTelemetry's port for this. A module's runner answers there, so that no path of the user's is taken. */
const MODULE_METRICS_PORT = 9464

export const metricsPort = ({ spec: { run, metrics } }: Server): number =>
  metrics?.port ??
  (run.module === undefined ? run.port : run.port === MODULE_METRICS_PORT ? run.port + 1 : MODULE_METRICS_PORT)

/** Undefined where nobody is to ask. */
export function metricsOf(server: Server): Readonly<Record<string, string>> | undefined {
  const { run, metrics, replicas } = server.spec
  if (!metrics && !run.module && replicas?.targetRequestsPerSecond === undefined) return undefined
  return {
    'prometheus.io/scrape': 'true',
    'prometheus.io/port': String(metricsPort(server)),
    'prometheus.io/path': metrics?.path ?? '/metrics',
  }
}

/** A counter `X_total` is offered as the rate `X_per_second`, as prometheus-adapter does it. */
export const requestRate = ({ spec: { metrics } }: Server): string =>
  `${(metrics?.requests ?? 'http_requests').replace(/_total$/, '')}_per_second`
