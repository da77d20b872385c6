/** A ClusterRole with an aggregationRule has the rules of all that its selectors choose (pkg/controller/clusterroleaggregation). */
import { isSame } from '../../../kube/equal.ts'
import type { LabelSelector } from '../../../kube/object.ts'
import { selects } from '../../../kube/selector.ts'
import type { PolicyRule, Role } from '../../../kube/workloads.ts'
import type { Action } from '../../runtime/action.ts'
import type { ControllerContext } from '../../runtime/context.ts'
import type { Controller } from '../../runtime/run-controller.ts'

export interface ClusterRole extends Role {
  readonly aggregationRule?: { readonly clusterRoleSelectors?: readonly LabelSelector[] }
}

/** `roles`: all there are. Selector by selector, each by name, every rule once: the same input gives the same role. */
function reconcileClusterRole(role: ClusterRole, roles: readonly ClusterRole[]): readonly Action[] {
  if (!role.aggregationRule || role.metadata.deletionTimestamp) return []
  const chosen = selectorsOf(role).flatMap(selector =>
    roles.filter(other => other.metadata.name !== role.metadata.name && chooses(selector, other)).sort(byName),
  )
  const rules: PolicyRule[] = []
  for (const rule of chosen.flatMap(other => other.rules ?? [])) {
    if (!rules.some(known => isSame(known, rule))) rules.push(rule)
  }
  if (isSame(rules, role.rules ?? [])) return []
  return [{ kind: 'update', object: { ...role, rules } as ClusterRole }]
}

const selectorsOf = ({ aggregationRule }: ClusterRole): readonly LabelSelector[] =>
  aggregationRule?.clusterRoleSelectors ?? []

const chooses = (selector: LabelSelector, { metadata }: ClusterRole): boolean =>
  selects(selector, metadata.labels ?? {})

const byName = (a: ClusterRole, b: ClusterRole): number => ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1)

export function clusterRoleAggregationController(context: ControllerContext): Controller {
  const { informers, newQueue, log } = context
  const { perform } = context.performerFor('clusterrole-aggregation-controller')
  const roles = informers.of<ClusterRole>('rbac.authorization.k8s.io/v1', 'ClusterRole')
  const queue = newQueue()
  const aggregated = roles.index(role => (role.aggregationRule ? ['all'] : []))
  /** The role itself, and those that have its rules. */
  const touch = (changed: ClusterRole): void => {
    if (changed.aggregationRule) queue.add(changed.metadata.name ?? '')
    for (const role of aggregated('all')) {
      if (selectorsOf(role).some(selector => chooses(selector, changed))) queue.add(role.metadata.name ?? '')
    }
  }
  roles.on('add', touch)
  roles.on('delete', touch)
  roles.on('update', (role, before) => {
    touch(role)
    touch(before)
  })

  async function reconcile(name: string): Promise<number | undefined> {
    const role = roles.get(undefined, name)
    return role && perform(reconcileClusterRole(role, roles.list()))
  }

  return { name: 'clusterrole-aggregation', queue, ready: () => roles.synced, reconcile, log }
}
