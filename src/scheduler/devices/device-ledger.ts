/**
 * Which devices are taken and by which claims, as a pass goes on; and the judge that asks it for a node's devices (plugins/dynamicresources).
 * A pod that is put on a node takes the devices that were found there; one that is taken off gives them back.
 */
import type { Node, Pod } from '../../kube/core.ts'
import {
  type Allocation,
  type ClaimConsumer,
  claimNameOf,
  type DeviceClass,
  type ResourceClaim,
  type ResourceSlice,
} from '../../kube/devices.ts'
import { matchesNodeSelector } from '../../kube/node-selector.ts'
import { hopeless, type Judge } from '../judges/judge.ts'
import type { NodeView } from '../node-view.ts'
import { type Allocated, allocate, type Offer } from './allocate.ts'
import type { DeviceSelectors } from './device-selector.ts'
import { deviceId, type Pool, poolsOf, reaches } from './inventory.ts'

export interface DeviceViews {
  readonly claims: readonly ResourceClaim[]
  readonly slices: readonly ResourceSlice[]
  readonly classes: (name: string) => DeviceClass | undefined
}

/** What is to be written of a claim before its pod is bound. */
export interface ClaimAssignment {
  readonly claim: ResourceClaim
  readonly allocation: Allocation
  readonly consumer: ClaimConsumer
}

export interface DeviceLedger {
  readonly judge: Judge
  /** Of a pod that was put on a node. */
  assignmentsOf(uid: string): readonly ClaimAssignment[]
}

/** ResourceClaimReservedForMaxSize */
const MAX_CONSUMERS = 256

export function createDeviceLedger({ claims, slices, classes }: DeviceViews, selects: DeviceSelectors): DeviceLedger {
  const byKey = new Map(claims.map(claim => [keyOf(claim), claim]))
  const taken = new Map<string, number>()
  const assignments = new Map<string, readonly ClaimAssignment[]>()
  const reached = new Map<string, readonly Pool[]>()
  let pools: readonly Pool[] | undefined
  let version = 0
  for (const { status } of claims) if (status?.allocation) take(status.allocation, 1)

  function take({ devices }: Allocation, by: 1 | -1): void {
    for (const { driver, pool, device } of devices?.results ?? []) {
      const id = deviceId(driver, pool, device)
      taken.set(id, (taken.get(id) ?? 0) + by)
    }
  }

  function offerOn(node: Node): Offer {
    const name = node.metadata.name ?? ''
    pools ??= poolsOf(slices)
    const there =
      reached.get(name) ??
      pools.flatMap(pool => {
        const devices = pool.devices.filter(({ reach }) => reaches(reach, node))
        return devices.length > 0 ? [{ ...pool, devices }] : []
      })
    reached.set(name, there)
    return { pools: there, isTaken: id => (taken.get(id) ?? 0) > 0, classes, selects }
  }

  /** Claims by name, or why there is nothing to try. */
  function claimsOf(pod: Pod): readonly string[] | { readonly because: string } {
    const keys: string[] = []
    for (const asked of pod.spec.resourceClaims ?? []) {
      const { namespace, name: podName, uid } = pod.metadata
      const name = claimNameOf(pod, asked)
      if (name === undefined) return { because: `pod "${namespace}/${podName}": ResourceClaim not created yet` }
      const claim = byKey.get(`${namespace}/${name}`)
      if (!claim) return { because: `resourceclaim.resource.k8s.io "${name}" not found` }
      if (claim.metadata.deletionTimestamp !== undefined) {
        return { because: `resourceclaim "${name}" is being deleted` }
      }
      const consumers = claim.status?.reservedFor ?? []
      if (consumers.length >= MAX_CONSUMERS && !consumers.some(each => each.uid === uid)) {
        return { because: 'resourceclaim in use' }
      }
      keys.push(keyOf(claim))
    }
    return keys
  }

  function plan(keys: readonly string[], node: Node): Allocated {
    const all = keys.flatMap(key => byKey.get(key) ?? [])
    const isElsewhere = all.some(({ status }) => {
      const selector = status?.allocation?.nodeSelector
      return selector !== undefined && !matchesNodeSelector(selector, node)
    })
    if (isElsewhere) return { kind: 'impossible', because: 'resourceclaim not available on the node' }
    const open = all.filter(({ status }) => !status?.allocation)
    return allocate(
      open.map(({ spec }) => spec),
      node.metadata.name ?? '',
      offerOn(node),
    )
  }

  function reserve(
    pod: Pod,
    keys: readonly string[],
    { allocations }: Extract<Allocated, { kind: 'allocated' }>,
  ): void {
    const { name = '', uid = '' } = pod.metadata
    const consumer: ClaimConsumer = { resource: 'pods', name, uid }
    let next = 0
    const made = keys.flatMap((key): readonly ClaimAssignment[] => {
      const claim = byKey.get(key)
      if (!claim) return []
      const allocation = claim.status?.allocation ?? allocations[next++] ?? {}
      if (!claim.status?.allocation) take(allocation, 1)
      const reservedFor = [...(claim.status?.reservedFor ?? []), consumer]
      byKey.set(key, { ...claim, status: { ...claim.status, allocation, reservedFor } })
      return [{ claim, allocation, consumer }]
    })
    assignments.set(uid, made)
    version++
  }

  function release(uid: string): void {
    for (const { claim, allocation } of assignments.get(uid) ?? []) {
      if (!claim.status?.allocation) take(allocation, -1)
      byKey.set(keyOf(claim), claim)
    }
    assignments.delete(uid)
    version++
  }

  const judge: Judge = ({ pod, uid }) => {
    if (!pod.spec.resourceClaims?.length) return undefined
    const keys = claimsOf(pod)
    if ('because' in keys) {
      const refused = hopeless(keys.because)
      return { refuses: () => refused }
    }
    const plans = new Map<string, readonly [number, Allocated]>()
    const planOn = ({ name, node }: NodeView): Allocated => {
      const known = plans.get(name)
      if (known?.[0] === version) return known[1]
      const made = plan(keys, node)
      plans.set(name, [version, made])
      return made
    }
    return {
      refuses(node) {
        const found = planOn(node)
        return found.kind === 'allocated' ? undefined : hopeless(found.because ?? 'cannot allocate all claims')
      },
      counts(other, node, by) {
        if (other.uid !== uid) return
        if (by === -1) return release(uid)
        const found = planOn(node)
        if (found.kind === 'allocated') reserve(pod, keys, found)
      },
    }
  }

  return { judge, assignmentsOf: uid => assignments.get(uid) ?? [] }
}

const keyOf = ({ metadata }: ResourceClaim): string => `${metadata.namespace}/${metadata.name}`
