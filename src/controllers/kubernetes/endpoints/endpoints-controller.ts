/** The shell of Endpoints and EndpointSlices: a Service is looked at again when a pod that it picks changes what can be seen of it. */
import type { EndpointSlice, Endpoints, Node, Pod, Service } from '../../../kube/core.ts'
import { isSame } from '../../../kube/equal.ts'
import { SERVICE_NAME } from '../../../kube/names.ts'
import { keyOf } from '../../../kube/object.ts'
import { matchesLabels, requirementsOfMap } from '../../../kube/selector.ts'
import type { ReplicaSet } from '../../../kube/workloads.ts'
import type { ControllerContext } from '../../runtime/context.ts'
import type { Controller } from '../../runtime/run-controller.ts'
import { reconcileEndpoints } from './reconcile-endpoints.ts'
import { SLICE_MANAGED_BY, SLICE_MANAGER } from './reconcile-slices.ts'
import { aboutSelection, isUnanswered, LOOK_AFTER_MS } from './selection-news.ts'

export function endpointsController(context: ControllerContext): Controller {
  const { clock, informers, newQueue, log } = context
  const { perform } = context.performerFor('endpoint-controller')
  const services = informers.of<Service>('v1', 'Service')
  const pods = informers.of<Pod>('v1', 'Pod')
  const endpoints = informers.of<Endpoints>('v1', 'Endpoints')
  const slices = informers.of<EndpointSlice>('discovery.k8s.io/v1', 'EndpointSlice')
  const nodes = informers.of<Node>('v1', 'Node')
  const sets = informers.of<ReplicaSet>('apps/v1', 'ReplicaSet')
  const queue = newQueue()
  /** What was told of a Service's selection, by the Service: once is enough while it stays so. */
  const told = new Map<string, string>()
  const allPodsIn = pods.index(pod => [pod.metadata.namespace ?? ''])
  const setsIn = sets.index(set => [set.metadata.namespace ?? ''])
  const servicesIn = services.index(service => [service.metadata.namespace ?? ''])
  const livePodsIn = pods.index(pod => (isVisible(pod) ? [pod.metadata.namespace ?? ''] : []))
  const slicesOf = slices.index(slice => serviceKeyOf(slice))

  function touch(pod: Pod): void {
    for (const service of servicesIn(pod.metadata.namespace ?? '')) if (picks(service, pod)) queue.add(keyOf(service))
  }

  for (const event of ['add', 'update', 'delete'] as const) {
    services.on(event, (service: Service) => queue.add(keyOf(service)))
    endpoints.on(event, (each: Endpoints) => queue.add(keyOf(each)))
    slices.on(event, (slice: EndpointSlice) => {
      for (const key of serviceKeyOf(slice)) queue.add(key)
    })
  }
  pods.on('add', pod => isVisible(pod) && touch(pod))
  pods.on('delete', pod => isVisible(pod) && touch(pod))
  pods.on('update', (pod, before) => {
    if (isSame(visibleOf(pod), visibleOf(before))) return
    touch(before)
    touch(pod)
  })

  async function reconcile(key: string): Promise<number | undefined> {
    const [namespace = '', name = ''] = key.split('/')
    const service = services.get(namespace, name)
    if (!service) {
      told.delete(key)
      return undefined
    }
    const picked = livePodsIn(namespace).filter(pod => picks(service, pod))
    await perform(
      reconcileEndpoints({
        service,
        pods: picked,
        endpoints: endpoints.get(namespace, name),
        slices: slicesOf(key),
        nodeOf: node => nodes.get(undefined, node),
      }),
    )
    return tell(key, service)
  }

  /** A selection that finds nobody is told of, when it does so for a while: pods may come after their Service. */
  async function tell(key: string, service: Service): Promise<number | undefined> {
    const namespace = service.metadata.namespace ?? ''
    const all = allPodsIn(namespace)
    if (!isUnanswered(service, all)) {
      told.delete(key)
      return undefined
    }
    const ageMs = clock.now() - Date.parse(service.metadata.creationTimestamp ?? '')
    if (ageMs < LOOK_AFTER_MS) return LOOK_AFTER_MS - ageMs
    const news = aboutSelection(service, all, setsIn(namespace))
    const text = JSON.stringify(news)
    if (told.get(key) === text) return undefined
    told.set(key, text)
    return perform(news)
  }

  const all = [services, pods, endpoints, slices, nodes, sets]
  return { name: 'endpoints', queue, ready: () => Promise.all(all.map(({ synced }) => synced)), reconcile, log }
}

function picks(service: Service, pod: Pod): boolean {
  const requirements = requirementsOfMap(service.spec.selector)
  return requirements !== undefined && matchesLabels(requirements, pod.metadata.labels)
}

/** It has, or may yet get, an address that anybody can use. */
const isVisible = ({ status }: Pod): boolean =>
  status?.podIP !== undefined && status.phase !== 'Succeeded' && status.phase !== 'Failed'

const visibleOf = (pod: Pod) =>
  isVisible(pod) && {
    ip: pod.status?.podIP,
    isReady: pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True'),
    isTerminating: pod.metadata.deletionTimestamp !== undefined,
    labels: pod.metadata.labels,
  }

function serviceKeyOf({ metadata: { namespace, labels } }: EndpointSlice): readonly string[] {
  const service = labels?.[SERVICE_NAME]
  return service && labels[SLICE_MANAGED_BY] === SLICE_MANAGER ? [`${namespace}/${service}`] : []
}
