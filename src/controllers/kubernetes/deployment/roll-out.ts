/**
 * How many pods each ReplicaSet of a Deployment should have next: up by what `maxSurge` allows, down by what `maxUnavailable` allows
 * (pkg/controller/deployment/rolling.go, recreate.go and util/deployment_util.go). Pure arithmetic over the sets.
 */
import type { Deployment, ReplicaSet } from '../../../kube/workloads.ts'

/** Wanted replicas by ReplicaSet; those that are not in it keep theirs. */
export type Scale = ReadonlyMap<ReplicaSet, number>

export const replicasOf = (set: ReplicaSet): number => set.spec.replicas ?? 1
const availableOf = (set: ReplicaSet): number => set.status?.availableReplicas ?? 0
export const sum = (sets: readonly ReplicaSet[], of: (set: ReplicaSet) => number): number =>
  sets.reduce((total, set) => total + of(set), 0)

/** `25%` of the replicas, or a number. A surge is rounded up, what may be missing down; both zero would never move. */
export function budgetOf(deployment: Deployment): { readonly surge: number; readonly unavailable: number } {
  const replicas = deployment.spec.replicas ?? 1
  const { type = 'RollingUpdate', rollingUpdate } = deployment.spec.strategy ?? {}
  if (type === 'Recreate') return { surge: 0, unavailable: 0 }
  const { maxSurge = '25%', maxUnavailable = '25%' } = rollingUpdate ?? {}
  const surge = portion(maxSurge, replicas, Math.ceil)
  const missing = portion(maxUnavailable, replicas, Math.floor)
  return { surge, unavailable: Math.min(replicas, surge === 0 && missing === 0 ? 1 : missing) }
}

function portion(value: number | string, of: number, round: (x: number) => number): number {
  const percent = /^(\d+)%$/.exec(String(value))?.[1]
  return percent === undefined ? Number(value) : round((Number(percent) * of) / 100)
}

/** The next step of a roll-out, up first: old ones give way when there is nothing to add. */
export function scaleNext(deployment: Deployment, newest: ReplicaSet, old: readonly ReplicaSet[]): Scale {
  const scale = new Map<ReplicaSet, number>()
  const wanted = newReplicas(deployment, newest, old)
  if (wanted !== replicasOf(newest)) return scale.set(newest, wanted)
  if (deployment.spec.strategy?.type !== 'Recreate') scaleDownOld(deployment, newest, old, scale)
  return scale
}

/** What the newest set may ask for now. */
export function newReplicas(
  deployment: Deployment,
  newest: ReplicaSet | undefined,
  old: readonly ReplicaSet[],
): number {
  const replicas = deployment.spec.replicas ?? 1
  const current = newest ? replicasOf(newest) : 0
  if (deployment.spec.strategy?.type === 'Recreate') return replicas
  if (current >= replicas) return replicas
  const room = replicas + budgetOf(deployment).surge - current - sum(old, replicasOf)
  return current + Math.max(0, Math.min(room, replicas - current))
}

function scaleDownOld(
  deployment: Deployment,
  newest: ReplicaSet,
  old: readonly ReplicaSet[],
  scale: Map<ReplicaSet, number>,
): void {
  const minAvailable = (deployment.spec.replicas ?? 1) - budgetOf(deployment).unavailable
  const all = replicasOf(newest) + sum(old, replicasOf)
  const newUnavailable = replicasOf(newest) - availableOf(newest)
  let spare = all - minAvailable - newUnavailable
  // Pods that serve nobody go first: they cost no availability.
  for (const set of old) {
    const unhealthy = Math.min(replicasOf(set) - availableOf(set), spare)
    if (unhealthy <= 0) continue
    scale.set(set, replicasOf(set) - unhealthy)
    spare -= unhealthy
  }
  let surplus = Math.min(spare, availableOf(newest) + sum(old, availableOf) - minAvailable)
  for (const set of old) {
    const current = scale.get(set) ?? replicasOf(set)
    const down = Math.min(current, Math.max(0, surplus))
    if (down === 0) continue
    scale.set(set, current - down)
    surplus -= down
  }
}
