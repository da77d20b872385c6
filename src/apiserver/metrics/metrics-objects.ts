/** NodeMetrics and PodMetrics of metrics.k8s.io/v1beta1, and what `kubectl get` prints of them (metrics-server, pkg/api). Pure. */
import { formatTime } from '../../base/clock.ts'
import type { ResourceList } from '../../kube/core.ts'
import type { UnknownObject } from '../../kube/object.ts'
import { addQuantities, formatQuantity, parseQuantity, type Quantity } from '../../kube/quantity.ts'
import { type Column, NAME, text } from '../tables/column.ts'
import type { NodeRate, PodRate, Rate } from './rates.ts'

export const METRICS_VERSION = 'metrics.k8s.io/v1beta1'

type Labels = Readonly<Record<string, string>> | undefined

export const nodeMetrics = (name: string, labels: Labels, rate: NodeRate): UnknownObject => ({
  kind: 'NodeMetrics',
  apiVersion: METRICS_VERSION,
  metadata: { name, creationTimestamp: formatTime(rate.at), ...(labels && { labels }) },
  timestamp: formatTime(rate.at),
  window: windowText(rate.windowMs),
  usage: usageOf(rate),
})

export const podMetrics = (labels: Labels, rate: PodRate): UnknownObject => ({
  kind: 'PodMetrics',
  apiVersion: METRICS_VERSION,
  metadata: {
    name: rate.name,
    namespace: rate.namespace,
    creationTimestamp: formatTime(rate.at),
    ...(labels && { labels }),
  },
  timestamp: formatTime(rate.at),
  window: windowText(rate.windowMs),
  containers: rate.containers.map(each => ({ name: each.name, usage: usageOf(each) })),
})

const usageOf = ({ cores, memoryBytes }: Rate): ResourceList => ({
  cpu: `${Math.round(cores * 1e9)}n`,
  memory: `${Math.round(memoryBytes / 1024)}Ki`,
})

/** As Go prints a duration. */
const windowText = (ms: number): string => {
  const minutes = Math.floor(ms / 60_000)
  return `${minutes > 0 ? `${minutes}m` : ''}${Number(((ms % 60_000) / 1000).toFixed(3))}s`
}

interface Metered {
  readonly window?: string
  readonly usage?: ResourceList
  readonly containers?: readonly { readonly usage?: ResourceList }[]
}

const used = (object: Metered, resource: string): string => {
  const texts = [object.usage, ...(object.containers ?? []).map(({ usage }) => usage)].map(usage => usage?.[resource])
  const quantities = texts.flatMap(each => parseQuantity(each ?? '') ?? [])
  const zero: Quantity = { nanos: 0n, format: 'DecimalSI' }
  return formatQuantity(quantities.reduce(addQuantities, zero))
}

export const METRICS_COLUMNS: readonly Column[] = [
  NAME,
  text('cpu', object => used(object as Metered, 'cpu')),
  text('memory', object => used(object as Metered, 'memory')),
  text('Window', object => (object as Metered).window ?? ''),
]
