/**
 * LimitRanges: what a container gets that asks for nothing, and what it may ask for (plugin/pkg/admission/limitranger). A pod is looked at
 * once: what its containers may use does not change later, but by `resize`.
 */

import type { Container, Pod } from '../../kube/core.ts'
import type { KubeObject, UnknownObject } from '../../kube/object.ts'
import { formatQuantity, type Quantity } from '../../kube/quantity.ts'
import { type AmountList, type Amounts, amountsOf, NOTHING } from '../../kube/quota/amounts.ts'
import { podAmounts } from '../../kube/quota/pod-amounts.ts'
import { aggregateText } from '../../kube/status.ts'
import { type AdmissionContext, type AdmissionRequest, isOf, refused, type Stage } from './stage.ts'

export interface LimitRangeItem {
  readonly type: string
  readonly min?: AmountList
  readonly max?: AmountList
  readonly default?: AmountList
  readonly defaultRequest?: AmountList
  readonly maxLimitRequestRatio?: AmountList
}

export interface LimitRange extends KubeObject {
  readonly spec?: { readonly limits?: readonly LimitRangeItem[] }
}

export const LIMIT_RANGER: Stage = {
  name: 'LimitRanger',
  mutate(object, request, context) {
    if (!isOf(request, 'pods')) return object
    const items = itemsOf(request, context)
    return items.length === 0 ? object : (withDefaults(object as unknown as Pod, items) as unknown as UnknownObject)
  },
  check(request, context) {
    const { object } = request
    if (!object || !isLooked(request)) return
    const errors = itemsOf(request, context).flatMap(item =>
      isOf(request, 'pods') ? podErrors(item, object as unknown as Pod) : claimErrors(item, object),
    )
    if (errors.length > 0) throw refused(request, aggregateText(errors))
  },
}

function isLooked(request: AdmissionRequest): boolean {
  const { operation, subresource } = request
  if (isOf(request, 'pods')) return subresource === 'resize' || (operation === 'CREATE' && subresource === undefined)
  return isOf(request, 'persistentvolumeclaims') && operation !== 'DELETE' && subresource === undefined
}

const itemsOf = ({ namespace = '' }: AdmissionRequest, { store }: AdmissionContext): readonly LimitRangeItem[] =>
  store.list({ resource: 'limitranges', namespace }).items.flatMap(range => (range as LimitRange).spec?.limits ?? [])

const ANNOTATION = 'kubernetes.io/limit-ranger'

function withDefaults(pod: Pod, items: readonly LimitRangeItem[]): Pod {
  const ofContainers = items.filter(({ type }) => type === 'Container')
  const limits: AmountList = Object.assign({}, ...ofContainers.map(item => item.default))
  const requests: AmountList = Object.assign({}, ...ofContainers.map(item => item.defaultRequest))
  const told: string[] = []
  const filled = (what: string) => (container: Container) => {
    const has = container.resources ?? {}
    // Defaulting has not run yet; upstream's has: who names only a limit asks for as much.
    const asked = { ...has.limits, ...has.requests }
    const missing = (given: AmountList, defaults: AmountList) =>
      Object.keys(defaults)
        .filter(name => !Object.hasOwn(given, name))
        .sort()
    const [fromRequests, fromLimits] = [missing(asked, requests), missing(has.limits ?? {}, limits)]
    if (fromRequests.length > 0) told.push(`${fromRequests.join(', ')} request for ${what} ${container.name}`)
    if (fromLimits.length > 0) told.push(`${fromLimits.join(', ')} limit for ${what} ${container.name}`)
    if (fromRequests.length + fromLimits.length === 0) return container
    return {
      ...container,
      resources: { ...has, requests: { ...requests, ...asked }, limits: { ...limits, ...has.limits } },
    }
  }
  // Nothing is validated yet: a pod may lack what every pod has.
  const { containers = [], initContainers } = pod.spec ?? {}
  const spec = {
    ...pod.spec,
    containers: containers.map(filled('container')),
    ...(initContainers && { initContainers: initContainers.map(filled('init container')) }),
  } as Pod['spec']
  if (told.length === 0) return pod
  const annotations = { ...pod.metadata.annotations, [ANNOTATION]: `LimitRanger plugin set: ${told.join('; ')}` }
  return { ...pod, metadata: { ...pod.metadata, annotations }, spec }
}

function podErrors(item: LimitRangeItem, { spec }: Pod): readonly string[] {
  const all = (requests: Amounts, limits: Amounts) => [
    ...ruled(item.min, (name, least) => tooLittle(item.type, name, least, requests, limits)),
    ...ruled(item.max, (name, most) => tooMuch(item.type, name, most, requests, limits)),
    ...ruled(item.maxLimitRequestRatio, (name, ratio) => tooFar(item.type, name, ratio, requests, limits)),
  ]
  if (item.type === 'Pod') {
    return all(podAmounts(spec, 'requests', { overhead: false }), podAmounts(spec, 'limits', { overhead: false }))
  }
  if (item.type !== 'Container') return []
  return [...spec.containers, ...(spec.initContainers ?? [])].flatMap(({ resources }) =>
    all(amountsOf(resources?.requests), amountsOf(resources?.limits)),
  )
}

function claimErrors(item: LimitRangeItem, object: UnknownObject): readonly string[] {
  if (item.type !== 'PersistentVolumeClaim') return []
  const { spec } = object as { readonly spec?: { readonly resources?: { readonly requests?: AmountList } } }
  const requests = amountsOf(spec?.resources?.requests)
  return [
    ...ruled(item.min, (name, least) => tooLittle(item.type, name, least, requests, NOTHING)),
    ...ruled(item.max, (name, most) => {
      const asked = requests.get(name)
      const rule = `maximum ${name} usage per ${item.type} is ${formatQuantity(most)}`
      if (!asked) return `${rule}.  No request is specified`
      return asked.nanos > most.nanos ? `${rule}, but request is ${formatQuantity(asked)}` : undefined
    }),
  ]
}

const ruled = (
  list: AmountList | undefined,
  rule: (name: string, quantity: Quantity) => string | undefined,
): readonly string[] => [...amountsOf(list)].flatMap(([name, quantity]) => rule(name, quantity) ?? [])

function tooLittle(type: string, name: string, least: Quantity, requests: Amounts, limits: Amounts) {
  const [request, limit] = [requests.get(name), limits.get(name)]
  const rule = `minimum ${name} usage per ${type} is ${formatQuantity(least)}`
  if (!request) return `${rule}.  No request is specified`
  if (request.nanos < least.nanos) return `${rule}, but request is ${formatQuantity(request)}`
  return limit && limit.nanos < least.nanos ? `${rule}, but limit is ${formatQuantity(limit)}` : undefined
}

function tooMuch(type: string, name: string, most: Quantity, requests: Amounts, limits: Amounts) {
  const [request, limit] = [requests.get(name), limits.get(name)]
  const rule = `maximum ${name} usage per ${type} is ${formatQuantity(most)}`
  if (!limit) return `${rule}.  No limit is specified`
  if (limit.nanos > most.nanos) return `${rule}, but limit is ${formatQuantity(limit)}`
  return request && request.nanos > most.nanos ? `${rule}, but request is ${formatQuantity(request)}` : undefined
}

function tooFar(type: string, name: string, most: Quantity, requests: Amounts, limits: Amounts) {
  const [request, limit] = [requests.get(name)?.nanos ?? 0n, limits.get(name)?.nanos ?? 0n]
  const rule = `${name} max limit to request ratio per ${type} is ${formatQuantity(most)}`
  if (request === 0n) return `${rule}, but no request is specified or request is 0`
  if (limit === 0n) return `${rule}, but no limit is specified or limit is 0`
  const ratio = Number(limit) / Number(request)
  return ratio * 1e9 > Number(most.nanos) ? `${rule}, but provided ratio is ${ratio.toFixed(6)}` : undefined
}
