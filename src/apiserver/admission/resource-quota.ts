/** ResourceQuota: a write that would use more than its namespace may is refused (apiserver's plugin/resourcequota/controller.go). */
import type { Container, Pod } from '../../kube/core.ts'
import type { UnknownObject } from '../../kube/object.ts'
import { compareQuantities, formatQuantity, type Quantity } from '../../kube/quantity.ts'
import { type Amounts, amountsOf, minus, NOTHING, only, plus } from '../../kube/quota/amounts.ts'
import { type ResourceQuota, speaksOf, usageUnder } from '../../kube/quota/resource-quota.ts'
import { containerUsage } from '../../kube/quota/usage.ts'
import { keyOf, type QuotaHold } from './quota-ledger.ts'
import { type AdmissionRequest, refused, type Stage } from './stage.ts'

export const RESOURCE_QUOTA: Stage = {
  name: 'ResourceQuota',
  check(request, { quota: hold }) {
    const { namespace, object, operation, subresource, resource } = request
    if (namespace === undefined || !object || !hold || operation === 'DELETE') return
    if (subresource !== undefined && subresource !== 'resize') return
    const reservations = hold.ledger
      .quotasOf(namespace, hold)
      .filter(({ quota }) => speaksOf(quota, resource.storedAs, object))
      .flatMap(({ quota, used }) => {
        const why = shortcoming(quota, request, object)
        if (why !== undefined) throw refused(request, `failed quota: ${quota.metadata.name}: must specify ${why}`)
        const more = added(quota, request, object)
        if (more.size === 0) return []
        fits(request, quota, used, more)
        return [{ account: keyOf(quota), amounts: more }]
      })
    if (reservations.length > 0) hold.hold(reservations, operation === 'CREATE' ? object.metadata.uid : undefined)
  },
}

export type { QuotaHold }

/** What the write adds; what it gives back is nothing to ask about. */
function added(quota: ResourceQuota, { resource, old }: AdmissionRequest, object: UnknownObject): Amounts {
  const next = usageUnder(quota, resource.storedAs, object)
  const before = old ? usageUnder(quota, resource.storedAs, old) : NOTHING
  return only(minus(next, before), (name, { nanos }) => nanos > 0n && next.has(name))
}

function fits(request: AdmissionRequest, quota: ResourceQuota, used: Amounts, more: Amounts): void {
  const hard = amountsOf(quota.spec?.hard)
  const total = plus(used, more)
  const exceeded = [...more.keys()].filter(name => {
    const [most, sum] = [hard.get(name), total.get(name)]
    return most !== undefined && sum !== undefined && compareQuantities(sum, most) > 0
  })
  if (exceeded.length === 0) return
  const shown = (amounts: Amounts) => listed(exceeded, amounts)
  throw refused(
    request,
    `exceeded quota: ${quota.metadata.name}, requested: ${shown(more)}, used: ${shown(used)}, limited: ${shown(hard)}`,
  )
}

const ZERO: Quantity = { nanos: 0n, format: 'DecimalSI' }
const listed = (names: readonly string[], amounts: Amounts): string =>
  [...names]
    .sort()
    .map(name => `${name}=${formatQuantity(amounts.get(name) ?? ZERO)}`)
    .join(',')

/** Under a quota of cpu or memory every container has to say how much it wants. */
const TO_BE_NAMED = ['cpu', 'limits.cpu', 'limits.memory', 'memory', 'requests.cpu', 'requests.memory']

function shortcoming(quota: ResourceQuota, { resource }: AdmissionRequest, object: UnknownObject): string | undefined {
  if (resource.storedAs !== 'pods') return undefined
  const { spec } = object as unknown as Pod
  const wanted = TO_BE_NAMED.filter(name => Object.hasOwn(quota.spec?.hard ?? {}, name))
  if (wanted.length === 0 || hasOwnAmounts(spec)) return undefined
  const containers: readonly Container[] = [...spec.containers, ...(spec.initContainers ?? [])]
  const named = containers.map(({ name, resources }) => ({
    name,
    has: new Map(containerUsage(amountsOf(resources?.requests), amountsOf(resources?.limits))),
  }))
  const missing = wanted.flatMap(want => {
    const names = named.filter(({ has }) => !has.has(want)).map(({ name }) => name)
    return names.length > 0 ? [`${want} for: ${[...new Set(names)].sort().join(',')}`] : []
  })
  return missing.length > 0 ? missing.join('; ') : undefined
}

function hasOwnAmounts(spec: Pod['spec']): boolean {
  const { resources } = spec as { readonly resources?: { readonly requests?: object; readonly limits?: object } }
  return Object.keys({ ...resources?.requests, ...resources?.limits }).length > 0
}
