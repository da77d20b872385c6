/**
 * What the scheduler knows, kept event by event: how much each node has left, who waits, which gangs they form. A pod that was given a node
 * counts there at once (`assume`, as in kube-scheduler's backend/cache), long before the watch says so.
 */
import type { Node, Pod } from '../kube/core.ts'
import type { PodGroup } from '../kube/workloads.ts'
import type { Gang, PendingPod, Waiting } from './decision.ts'
import { type NodeView, viewOfNode, withoutPod, withPod } from './node-view.ts'
import { type PodView, signatureOf, viewOfPod } from './pod-view.ts'

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
  /** By name, so that the first of equals is always the same. */
  nodes(): readonly NodeView[]
  /** Those that wait; `isHeld` leaves out pods that are to be tried later. */
  waiting(isHeld: (uid: string) => boolean): Waiting
  numWaiting(): number
  /** What has to be known of the cluster for these pods, beside nodes and pods. */
  needs(): Needs
}

export interface Needs {
  /** Some pod chooses others by the labels of their namespaces. */
  readonly namespaces: boolean
  /** Pods are not all equally important: some may have to make room. */
  readonly budgets: boolean
  /** Some pod claims devices. */
  readonly devices: boolean
}

interface Known {
  readonly view: PodView
  readonly order: number
  /** Where it is, or was bound to be. */
  readonly node: string | undefined
  /** Its signature, and whether that was made when others chose by labels. */
  signature?: readonly [string, boolean]
}

export function createClusterState(isOurs: (pod: Pod) => boolean): ClusterState {
  const nodes = new Map<string, NodeView>()
  /** Pods by the name of their node, whether or not the node is known yet. */
  const placed = new Map<string, Map<string, PodView>>()
  const pods = new Map<string, Known>()
  const pending = new Set<string>()
  const gangs = new Map<string, Set<string>>()
  const groups = new Map<string, PodGroup>()
  const assumed = new Map<string, string>()
  const priorities = new Set<number>()
  const needs = { namespaces: false, budgets: false, devices: false }
  /** In order, as long as none came or went. */
  let names: string[] | undefined
  let numChoosers = 0
  let arrivals = 0

  function enter(uid: string, known: Known): void {
    const { view, node } = known
    pods.set(uid, known)
    const gang = gangKeyOf(view.pod)
    if (gang) {
      const members = gangs.get(gang)
      if (members) members.add(uid)
      else gangs.set(gang, new Set([uid]))
    }
    if (view.terms) numChoosers++
    if (hasEnded(view.pod)) return
    notice(view)
    if (node !== undefined) putOn(node, view)
    else if (isWaiting(view.pod)) pending.add(uid)
  }

  function notice({ priority, terms, pod }: PodView): void {
    priorities.add(priority)
    if (priorities.size > 1) needs.budgets = true
    if (pod.spec.resourceClaims?.length) needs.devices = true
    const all = terms ? [...terms.required, ...terms.forbidden, ...terms.preferred, ...terms.avoided] : []
    if (all.some(({ namespaceSelector }) => namespaceSelector !== undefined)) needs.namespaces = true
  }

  function leave(uid: string): Known | undefined {
    const known = pods.get(uid)
    if (!known) return undefined
    pods.delete(uid)
    pending.delete(uid)
    const { view, node } = known
    const gang = gangKeyOf(view.pod)
    if (gang) {
      gangs.get(gang)?.delete(uid)
      if (gangs.get(gang)?.size === 0) gangs.delete(gang)
    }
    if (view.terms) numChoosers--
    if (node !== undefined && !hasEnded(view.pod)) takeOff(node, view)
    return known
  }

  function putOn(name: string, view: PodView): void {
    const there = placed.get(name)
    if (there) there.set(view.uid, view)
    else placed.set(name, new Map([[view.uid, view]]))
    const node = nodes.get(name)
    if (node) nodes.set(name, withPod(node, view))
  }

  function takeOff(name: string, view: PodView): void {
    placed.get(name)?.delete(view.uid)
    if (placed.get(name)?.size === 0) placed.delete(name)
    const node = nodes.get(name)
    if (node) nodes.set(name, withoutPod(node, view))
  }

  const isWaiting = (pod: Pod): boolean => isOurs(pod) && pod.metadata.deletionTimestamp === undefined && !isGated(pod)

  function putPod(pod: Pod): void {
    const uid = pod.metadata.uid!
    const before = leave(uid)
    if (pod.spec.nodeName) assumed.delete(uid)
    enter(uid, {
      view: viewOfPod(pod),
      order: before?.order ?? arrivals++,
      node: pod.spec.nodeName ?? assumed.get(uid),
    })
  }

  const pendingOf = (uid: string): PendingPod => {
    const known = pods.get(uid)!
    const { view, order } = known
    const othersChoose = numChoosers > 0
    if (known.signature?.[1] !== othersChoose) known.signature = [signatureOf(view, othersChoose), othersChoose]
    return { view, signature: known.signature[0], order, said: saidOf(view.pod) }
  }

  function gangOf(key: string, members: readonly string[], waiting: readonly string[]): Gang {
    const [namespace = '', name = ''] = key.split('/')
    const numPlaced = members.filter(uid => {
      const { node, view } = pods.get(uid)!
      return node !== undefined && view.pod.status?.phase !== 'Failed'
    }).length
    return { name, namespace, group: groups.get(key), pods: waiting.map(pendingOf), numPlaced }
  }

  return {
    putNode(node) {
      const name = node.metadata.name!
      if (!nodes.has(name)) names = undefined
      nodes.set(name, viewOfNode(node, placed.get(name)?.values() ?? []))
    },
    removeNode(name) {
      nodes.delete(name)
      names = undefined
    },
    putPod,
    removePod(uid) {
      leave(uid)
      assumed.delete(uid)
    },
    putGroup: group => void groups.set(`${group.metadata.namespace}/${group.metadata.name}`, group),
    removeGroup: (namespace, name) => void groups.delete(`${namespace}/${name}`),
    assume(pod, node) {
      assumed.set(pod.metadata.uid!, node)
      putPod(pods.get(pod.metadata.uid!)?.view.pod ?? pod)
    },
    forget(uid) {
      assumed.delete(uid)
      const known = pods.get(uid)
      if (known) putPod(known.view.pod)
    },
    nodes() {
      names ??= [...nodes.keys()].sort()
      return names.map(name => nodes.get(name)!)
    },
    waiting(isHeld) {
      const ready = [...pending].filter(uid => !isHeld(uid))
      const byGang = grouped(ready, uid => gangKeyOf(pods.get(uid)!.view.pod))
      return {
        pods: (byGang.get(undefined) ?? []).map(pendingOf),
        gangs: [...byGang].flatMap(([key, uids]) =>
          key === undefined ? [] : [gangOf(key, [...(gangs.get(key) ?? [])], uids)],
        ),
      }
    },
    numWaiting: () => pending.size,
    needs: () => needs,
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
const isGated = ({ spec }: Pod): boolean => (spec.schedulingGates ?? []).length > 0

function gangKeyOf({ spec, metadata }: Pod): string | undefined {
  const name = spec.schedulingGroup?.podGroupName
  return name === undefined ? undefined : `${metadata.namespace}/${name}`
}

function saidOf({ status }: Pod): string | undefined {
  const condition = status?.conditions?.find(({ type }) => type === 'PodScheduled')
  return condition?.status === 'False' ? condition.message : undefined
}
