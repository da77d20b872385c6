/** Guaranteed, Burstable or BestEffort (k8s.io/kubernetes pkg/apis/core/v1/helper/qos). Pure. */
import type { Pod } from '../../kube/core.ts'
import { compareQuantities, parseQuantity } from '../../kube/quantity.ts'

const RESOURCES = ['cpu', 'memory'] as const

export function qosClassOf({ spec }: Pod): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  const all = [...(spec.initContainers ?? []), ...spec.containers].map(({ resources = {} }) => resources)
  const asks = all.some(({ requests = {}, limits = {} }) =>
    RESOURCES.some(name => isSome(requests[name]) || isSome(limits[name])),
  )
  if (!asks) return 'BestEffort'
  const isGuaranteed = all.every(({ requests = {}, limits = {} }) =>
    RESOURCES.every(name => isSome(limits[name]) && isEqual(requests[name] ?? limits[name], limits[name])),
  )
  return isGuaranteed ? 'Guaranteed' : 'Burstable'
}

const isSome = (text: string | undefined): boolean => (parseQuantity(text ?? '')?.nanos ?? 0n) > 0n

function isEqual(a: string | undefined, b: string | undefined): boolean {
  const [x, y] = [parseQuantity(a ?? ''), parseQuantity(b ?? '')]
  return x !== undefined && y !== undefined && compareQuantities(x, y) === 0
}
