/** What pods ask for of a resource, in thousandths: the hundred percent of a utilization. */
import type { Pod } from '../../../kube/core.ts'
import { milliValue } from '../../../kube/quantity.ts'

/** By pod, or in words what is missing. A `container` of that name alone, else the whole pod (its own request before its containers'). */
export function requestsOf(
  pods: readonly Pod[],
  resource: string,
  container: string,
): ReadonlyMap<string, number> | string {
  const requests = new Map<string, number>()
  for (const pod of pods) {
    const request = requestOf(pod, resource, container)
    if (typeof request === 'string') return request
    requests.set(pod.metadata.name ?? '', request)
  }
  return requests
}

function requestOf({ metadata, spec }: Pod, resource: string, container: string): number | string {
  const podLevel = spec.resources?.requests
  if (container === '' && podLevel && Object.keys(podLevel).length > 0) {
    const request = podLevel[resource]
    return request === undefined
      ? `missing pod-level request for ${resource} in Pod ${metadata.name}`
      : milliValue(request)
  }
  const sidecars = (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always')
  const counted = [...spec.containers, ...sidecars].filter(({ name }) => container === '' || name === container)
  if (counted.length === 0) return `container ${container} not found in Pod ${metadata.name}`
  let total = 0
  for (const { name, resources } of counted) {
    const request = resources?.requests?.[resource]
    if (request === undefined) return `missing request for ${resource} in container ${name} of Pod ${metadata.name}`
    total += milliValue(request)
  }
  return total
}
