/**
 * What the scheduler knows, kept event by event: how much each node has left, who waits, which gangs they form. A pod that was given a node
 * counts there at once (`assume`, as in kube-scheduler's backend/cache), long before the watch says so.
 */
import type { Node, Pod } from '../kube/core.ts'
import type { PodGroup } from '../kube/workloads.ts'
import type { NodeView } from './filter.ts'
import { type Amounts, amountsOf, minus, plus, requestsOf } from './resources.ts'
import type { Gang, PendingPod, Waiting } from './schedule.ts'

export interface ClusterState {
  putNode(node: Node): void
  removeNode(name: string): void
  putPod(pod: Pod): void
  removePod(uid: string): void
  putGroup(group: PodGroup): void
  removeGroup(namespace: string, name: string): void
  /** The pod has this node from now on, whatever the watch says until the binding is seen. */
  assume(pod: Pod, node: string): void
  /** The binding failed: the pod waits again. */
  forget(uid: string): void
  nodes(): readonly NodeView[]
  /** Those that wait; `isHeld` leaves out pods that are to be tried later. */
  waiting(isHeld: (uid: string) => boolean): Waiting
  numWaiting(): number
}

interface NodeEntry {
  readonly node: Node
  readonly allocatable: Amounts
}

interface Known {
  readonly pod: Pod
  readonly requests: Amounts
  readonly signature: string
  readonly order: number
  /** Where it is, or was bound to be. */
  readonly node: string | undefined
}

export function createClusterState(isOurs: (pod: Pod) => boolean): ClusterState {
  const nodes = new Map<string, NodeEntry>()
  /** By node name, whether or not the node is known yet. */
  const used = new Map<string, Amounts>()
  const pods = new Map<string, Known>()
  const pending = new Set<string>()
  const gangs = new Map<string, Set<string>>()
  const groups = new Map<string, PodGroup>()
  const assumed = new Map<string, string>()
  let arrivals = 0

  function enter(uid: string, known: Known): void {
    pods.set(uid, known)
    const gang = gangKeyOf(known.pod)
    if (gang) {
      const members = gangs.get(gang)
      if (members) members.add(uid)
      else gangs.set(gang, new Set([uid]))
    }
    if (hasEnded(known.pod)) return
    if (known.node !== undefined) used.set(known.node, plus(used.get(known.node) ?? {}, known.requests))
    else if (isWaiting(known.pod)) pending.add(uid)
  }

  function leave(uid: string): Known | undefined {
    const known = pods.get(uid)
    if (!known) return undefined
    pods.delete(uid)
    pending.delete(uid)
    const gang = gangKeyOf(known.pod)
    if (gang) {
      gangs.get(gang)?.delete(uid)
      if (gangs.get(gang)?.size === 0) gangs.delete(gang)
    }
    if (known.node !== undefined && !hasEnded(known.pod)) {
      used.set(known.node, minus(used.get(known.node) ?? {}, known.requests))
    }
    return known
  }

  const isWaiting = (pod: Pod): boolean => isOurs(pod) && pod.metadata.deletionTimestamp === undefined && !isGated(pod)

  function putPod(pod: Pod): void {
    const uid = pod.metadata.uid!
    const before = leave(uid)
    if (pod.spec.nodeName) assumed.delete(uid)
    const isSameSpec = before?.pod.spec === pod.spec
    const requests = isSameSpec ? before.requests : requestsOf(pod)
    enter(uid, {
      pod,
      requests,
      signature: isSameSpec ? before.signature : signatureOf(pod, requests),
      order: before?.order ?? arrivals++,
      node: pod.spec.nodeName ?? assumed.get(uid),
    })
  }

  const pendingOf = (uid: string): PendingPod => {
    const { pod, requests, signature, order } = pods.get(uid)!
    return { pod, requests, signature, order, priority: pod.spec.priority ?? 0, said: saidOf(pod) }
  }

  function gangOf(key: string, members: readonly string[], waiting: readonly string[]): Gang {
    const [namespace = '', name = ''] = key.split('/')
    const numPlaced = members.filter(uid => {
      const { node, pod } = pods.get(uid)!
      return node !== undefined && pod.status?.phase !== 'Failed'
    }).length
    return { name, namespace, group: groups.get(key), pods: waiting.map(pendingOf), numPlaced }
  }

  return {
    putNode: node => void nodes.set(node.metadata.name!, { node, allocatable: amountsOf(node.status?.allocatable) }),
    removeNode: name => void nodes.delete(name),
    putPod,
    removePod(uid) {
      leave(uid)
      assumed.delete(uid)
    },
    putGroup: group => void groups.set(`${group.metadata.namespace}/${group.metadata.name}`, group),
    removeGroup: (namespace, name) => void groups.delete(`${namespace}/${name}`),
    assume(pod, node) {
      assumed.set(pod.metadata.uid!, node)
      putPod(pods.get(pod.metadata.uid!)?.pod ?? pod)
    },
    forget(uid) {
      assumed.delete(uid)
      const known = pods.get(uid)
      if (known) putPod(known.pod)
    },
    nodes: () =>
      [...nodes].map(([name, { node, allocatable }]) => {
        return { name, node, allocatable, free: minus(allocatable, used.get(name) ?? {}) }
      }),
    waiting(isHeld) {
      const ready = [...pending].filter(uid => !isHeld(uid))
      const byGang = grouped(ready, uid => gangKeyOf(pods.get(uid)!.pod))
      return {
        pods: (byGang.get(undefined) ?? []).map(pendingOf),
        gangs: [...byGang].flatMap(([key, uids]) =>
          key === undefined ? [] : [gangOf(key, [...(gangs.get(key) ?? [])], uids)],
        ),
      }
    },
    numWaiting: () => pending.size,
  }
}

function grouped<K>(items: readonly string[], keyOf: (item: string) => K): Map<K, string[]> {
  const groups = new Map<K, string[]>()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group) group.push(item)
    else groups.set(key, [item])
  }
  return groups
}

const hasEnded = ({ status }: Pod): boolean => status?.phase === 'Succeeded' || status?.phase === 'Failed'

/** Gates of others (spec.schedulingGates): whoever set them says when the pod is ready to be scheduled. */
const isGated = ({ spec }: Pod): boolean =>
  ((spec as { readonly schedulingGates?: readonly unknown[] }).schedulingGates ?? []).length > 0

function gangKeyOf({ spec, metadata }: Pod): string | undefined {
  const name = spec.schedulingGroup?.podGroupName
  return name === undefined ? undefined : `${metadata.namespace}/${name}`
}

/** Everything by which the filters may tell two pods apart. */
const signatureOf = ({ spec }: Pod, requests: Amounts): string =>
  JSON.stringify([Object.entries(requests).sort(), spec.nodeSelector ?? {}, spec.tolerations ?? []])

function saidOf({ status }: Pod): string | undefined {
  const condition = status?.conditions?.find(({ type }) => type === 'PodScheduled')
  return condition?.status === 'False' ? condition.message : undefined
}
