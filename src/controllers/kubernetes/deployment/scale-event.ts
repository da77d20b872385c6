/**
 * A Deployment that is scaled while several of its ReplicaSets have pods: all grow or shrink in proportion, so that a bad template does
 * not get the larger part (scale in pkg/controller/deployment/sync.go).
 */
import type { Deployment, ReplicaSet } from '../../../kube/workloads.ts'
import { byCreation, DESIRED_REPLICAS, MAX_REPLICAS } from './deployment-sets.ts'
import { budgetOf, replicasOf, type Scale, sum } from './roll-out.ts'

const noted = ({ metadata }: ReplicaSet, annotation: string): number | undefined => {
  const text = metadata.annotations?.[annotation] ?? ''
  return /^\d{1,10}$/.test(text) ? Number(text) : undefined
}

/** Sets with pods were made for another number. */
export const isScaled = ({ spec }: Deployment, sets: readonly ReplicaSet[]): boolean =>
  sets.some(set => {
    const desired = noted(set, DESIRED_REPLICAS)
    return replicasOf(set) > 0 && desired !== undefined && desired !== (spec.replicas ?? 1)
  })

export function scaleAll(deployment: Deployment, newest: ReplicaSet | undefined, old: readonly ReplicaSet[]): Scale {
  const replicas = deployment.spec.replicas ?? 1
  const active = [...old, ...(newest ? [newest] : [])].filter(set => replicasOf(set) > 0)
  if (active.length <= 1) {
    const only = active[0] ?? newest ?? [...old].sort(byCreation).at(-1)
    return new Map(only ? [[only, replicas]] : [])
  }
  if (newest && isSaturated(deployment, newest)) {
    return new Map(active.flatMap(set => (set === newest ? [] : [[set, 0] as const])))
  }
  if (deployment.spec.strategy?.type === 'Recreate') return new Map()
  return inProportion(deployment, active)
}

/** It has all pods that are wanted, and they serve. */
const isSaturated = ({ spec: { replicas = 1 } }: Deployment, set: ReplicaSet): boolean =>
  replicasOf(set) === replicas &&
  noted(set, DESIRED_REPLICAS) === replicas &&
  (set.status?.availableReplicas ?? 0) === replicas

function inProportion(deployment: Deployment, active: readonly ReplicaSet[]): Scale {
  const { replicas = 1 } = deployment.spec
  const allowed = replicas > 0 ? replicas + budgetOf(deployment).surge : 0
  const toAdd = allowed - sum(active, replicasOf)
  // Of sets of one size the newer grow first, and the older shrink first.
  const age = toAdd > 0 ? -1 : 1
  const sorted = [...active].sort((a, b) => replicasOf(b) - replicasOf(a) || age * byCreation(a, b))
  let added = 0
  const sizes = sorted.map(set => {
    const part = toAdd === 0 ? 0 : proportionOf(deployment, set, toAdd, added)
    added += part
    return [set, replicasOf(set) + part] as const
  })
  // What rounding leaves goes to the largest.
  return new Map(sizes.map(([set, size], i) => [set, i === 0 ? Math.max(0, size + toAdd - added) : size]))
}

export function proportionOf(deployment: Deployment, set: ReplicaSet, toAdd: number, added: number): number {
  if (replicasOf(set) === 0 || toAdd === 0 || toAdd === added) return 0
  const fraction = fractionOf(deployment, set)
  return toAdd > 0 ? Math.min(fraction, toAdd - added) : Math.max(fraction, toAdd - added)
}

function fractionOf(deployment: Deployment, set: ReplicaSet): number {
  const { replicas = 1 } = deployment.spec
  if (replicas === 0) return -replicasOf(set)
  const before = noted(set, MAX_REPLICAS) || deployment.status?.replicas || 0
  if (before === 0) return 0
  return Math.round((replicasOf(set) * (replicas + budgetOf(deployment).surge)) / before) - replicasOf(set)
}
