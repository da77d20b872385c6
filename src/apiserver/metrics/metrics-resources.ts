/** The two kinds of metrics.k8s.io/v1beta1 as rows of the catalogue: computed when they are read, never stored. */
import type { KindInfo } from '../../kube/kinds.ts'
import type { UnknownObject } from '../../kube/object.ts'
import type { ComputeContext, Resource } from '../resource/resource.ts'
import { storedAs } from '../resource/resource.ts'
import { METRICS_COLUMNS, METRICS_VERSION, nodeMetrics, podMetrics } from './metrics-objects.ts'
import { createMetricsSource, type MetricsSource } from './metrics-source.ts'
import { nodeRate, podRates } from './rates.ts'

const info = (kind: string, plural: string, namespaced: boolean): KindInfo => ({
  group: 'metrics.k8s.io',
  version: 'v1beta1',
  kind,
  plural,
  // metrics-server says it so.
  singular: '',
  shortNames: [],
  categories: [],
  namespaced,
  verbs: ['get', 'list'],
  subresources: [],
})

type Compute = NonNullable<Resource['compute']>

export function metricsResources(): readonly Resource[] {
  let source: MetricsSource | undefined
  const looksAt = async ({ store, nodeApi, clock }: ComputeContext) => {
    source ??= createMetricsSource(nodeApi, clock)
    const nodes = store.list({ resource: 'nodes' }).entries.map(({ object }) => object)
    return { nodes, looks: await source.looks(nodes.map(nameOf)) }
  }

  const nodes: Compute = async context => {
    const { nodes, looks } = await looksAt(context)
    return nodes.flatMap(node => {
      const rate = nodeRate(looks.get(nameOf(node)) ?? [])
      return rate ? [nodeMetrics(nameOf(node), node.metadata.labels, rate)] : []
    })
  }

  const pods: Compute = async (context, namespace) => {
    const { looks } = await looksAt(context)
    return [...looks.values()]
      .flatMap(podRates)
      .filter(rate => namespace === undefined || rate.namespace === namespace)
      .sort((a, b) => order(a.namespace, b.namespace) || order(a.name, b.name))
      .flatMap(rate => {
        const pod = context.store.read({ resource: 'pods', namespace: rate.namespace, name: rate.name })?.object
        return pod ? [podMetrics(pod.metadata.labels, rate)] : []
      })
  }

  return [row(info('NodeMetrics', 'nodes', false), nodes), row(info('PodMetrics', 'pods', true), pods)]
}

const nameOf = ({ metadata }: UnknownObject): string => metadata.name ?? ''
const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const row = (kind: KindInfo, compute: Compute): Resource => ({
  info: kind,
  apiVersion: METRICS_VERSION,
  storedAs: storedAs(kind),
  storedVersion: METRICS_VERSION,
  isCustom: false,
  strategy: {},
  columns: () => METRICS_COLUMNS,
  schema: () => undefined,
  selectableFields: {},
  compute,
})
