/** What is used of a ResourceQuota, as its status says it (pkg/controller/resourcequota). Pure. */
import { isSame } from '../../../kube/equal.ts'
import type { UnknownObject } from '../../../kube/object.ts'
import { type Amounts, amountsOf, NOTHING, plus, toList } from '../../../kube/quota/amounts.ts'
import { type ResourceQuota, usageUnder } from '../../../kube/quota/resource-quota.ts'
import { type Action, updateStatus } from '../../runtime/action.ts'

/** `objects`: all of the namespace that the quota may count, by resource. */
export function reconcileQuota(
  quota: ResourceQuota,
  objects: ReadonlyMap<string, readonly UnknownObject[]>,
): readonly Action[] {
  if (quota.metadata.deletionTimestamp) return []
  const hard = quota.spec?.hard ?? {}
  let used: Amounts = new Map([...amountsOf(hard)].map(([name, { format }]) => [name, { nanos: 0n, format }]))
  for (const [resource, items] of objects) {
    used = items.reduce((sum, object) => plus(sum, usage(quota, resource, object)), used)
  }
  const status = { hard, used: toList(used) }
  return isSame(quota.status ?? {}, status) ? [] : [updateStatus(quota, status)]
}

/** Objects do not change in place, and most are looked at again and again. */
const known = new WeakMap<UnknownObject, { readonly quota: ResourceQuota['spec']; readonly amounts: Amounts }>()

function usage(quota: ResourceQuota, resource: string, object: UnknownObject): Amounts {
  const kept = known.get(object)
  if (kept && kept.quota === quota.spec) return kept.amounts
  const amounts = usageUnder(quota, resource, object)
  const found = amounts.size === 0 ? NOTHING : amounts
  known.set(object, { quota: quota.spec, amounts: found })
  return found
}
