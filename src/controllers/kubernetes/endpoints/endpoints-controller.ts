/** The shell of Endpoints and EndpointSlices: a Service is looked at again when a pod that it picks changes what can be seen of it. */
import type { EndpointSlice, Endpoints, Pod, Service } from '../../../kube/core.ts'
import { isSame } from '../../../kube/equal.ts'
import { SERVICE_NAME } from '../../../kube/names.ts'
import { keyOf } from '../../../kube/object.ts'
import { matchesLabels, requirementsOfMap } from '../../../kube/selector.ts'
import type { ControllerContext } from '../../runtime/context.ts'
import type { Controller } from '../../runtime/run-controller.ts'
import { reconcileEndpoints, SLICE_MANAGED_BY, SLICE_MANAGER } from './reconcile-endpoints.ts'

export function endpointsController(context: ControllerContext): Controller {
  const { informers, newQueue, log } = context
  const { perform } = context.performerFor('endpoint-controller')
  const services = informers.of<Service>('v1', 'Service')
  const pods = informers.of<Pod>('v1', 'Pod')
  const endpoints = informers.of<Endpoints>('v1', 'Endpoints')
  const slices = informers.of<EndpointSlice>('discovery.k8s.io/v1', 'EndpointSlice')
  const queue = newQueue()
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
    if (!service) return undefined
    return perform(
      reconcileEndpoints({
        service,
        pods: livePodsIn(namespace).filter(pod => picks(service, pod)),
        endpoints: endpoints.get(namespace, name),
        slices: slicesOf(key),
      }),
    )
  }

  const all = [services, pods, endpoints, slices]
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
