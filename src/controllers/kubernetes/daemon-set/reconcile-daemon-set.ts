/** The DaemonSet controller's decision: one pod on every node that it belongs on (pkg/controller/daemon). */
import type { Instant } from '../../../base/clock.ts'
import type { ControllerRevision, DaemonSet } from '../../../kube/apps.ts'
import type { Node, Pod } from '../../../kube/core.ts'
import { isSame } from '../../../kube/equal.ts'
import { type Action, create, remove, updateStatus, wake, warning } from '../../runtime/action.ts'
import { availableInMs, isReady } from '../deployment/pod-readiness.ts'
import { POD_REVISION, truncateHistory, updateRevision } from '../history/revisions.ts'
import { daemonPod, isUpdated, oldestFirst, targetNode } from './daemon-pod.ts'
import { manageNode } from './manage-node.ts'
import { allowsSurge, type NodePods, roll } from './rolling-update.ts'
import { shouldRunOn } from './should-run.ts'

export interface DaemonSetObserved {
  readonly set: DaemonSet
  /** Those that it controls. */
  readonly pods: readonly Pod[]
  readonly nodes: readonly Node[]
  readonly revisions: readonly ControllerRevision[]
  /** How long until a failed pod may be replaced on a node. */
  readonly backOffMs: (node: string) => number
}

export interface DaemonSetDecision {
  readonly actions: readonly Action[]
  /** Nodes where a failed pod is removed: their back-off grows. */
  readonly killedFailedOn: readonly string[]
}

/** Upstream's BurstReplicas. */
const MAX_AT_ONCE = 250
const NOTHING: DaemonSetDecision = { actions: [], killedFailedOn: [] }

export function reconcileDaemonSet(
  { set, pods, nodes, revisions, backOffMs }: DaemonSetObserved,
  hashOf: (data: unknown) => string,
  now: Instant,
): DaemonSetDecision {
  if (isSame(set.spec.selector, {})) {
    const what = 'This daemon set is selecting all pods. A non-empty selector is required.'
    return { ...NOTHING, actions: [warning(set, 'SelectingAll', what)] }
  }
  if (set.metadata.deletionTimestamp) return NOTHING
  const update = updateRevision(set, revisions, { hashOf, collisions: set.status?.collisionCount, label: POD_REVISION })
  const hash = update.revision.metadata.labels?.[POD_REVISION] ?? ''
  const isAvailable = (pod: Pod): boolean => availableInMs(pod, set.spec.minReadySeconds ?? 0, now) === 0
  const present = podsByNode(pods)
  const places = placesOf(set, nodes, present)
  const needs = nodes.map(node => {
    const { name = '' } = node.metadata
    const seen = { ...shouldRunOn(set, node), node: name, pods: present.get(name), backOffMs: backOffMs(name) }
    return { node: name, ...manageNode(set, hash, allowsSurge(set), { ...seen, isAvailable }) }
  })
  const astray = [...present].flatMap(([name, list]) => (nodes.some(node => node.metadata.name === name) ? [] : list))
  const managed = change(
    set,
    hash,
    needs.flatMap(each => (each.needsPod ? [each.node] : [])),
    // Bound ones are the pod garbage collector's; one that waits for a node that went would wait for ever.
    [...needs.flatMap(each => each.remove), ...astray.filter(({ spec }) => !spec.nodeName)],
  )
  const rolls = set.spec.updateStrategy?.type !== 'OnDelete' && managed.length === 0
  const rolled = rolls ? roll(set, hash, places, isAvailable) : { remove: [], createOn: [] }
  const status = nextStatus(set, places, hash, isAvailable)
  const live = new Set(pods.map(({ metadata }) => metadata.labels?.[POD_REVISION]))
  const isLive = (each: ControllerRevision): boolean =>
    each.metadata.name === update.revision.metadata.name || live.has(each.metadata.labels?.[POD_REVISION])
  const waits = [
    ...pods.flatMap(pod => availableInMs(pod, set.spec.minReadySeconds ?? 0, now) || []),
    ...needs.flatMap(({ waitMs }) => waitMs ?? []),
  ]
  return {
    actions: [
      ...update.actions,
      ...needs.flatMap(({ news }) => news),
      ...managed,
      ...change(set, hash, rolled.createOn, rolled.remove),
      ...truncateHistory(revisions, isLive, set.spec.revisionHistoryLimit ?? 10),
      ...(isSame(status, set.status) ? [] : [updateStatus(set, status)]),
      ...(waits.length > 0 ? [wake(Math.min(...waits))] : []),
    ],
    killedFailedOn: needs.flatMap(each => (each.killsFailed ? [each.node] : [])),
  }
}

/** Those that are over and on their way out are as good as gone. */
function podsByNode(pods: readonly Pod[]): ReadonlyMap<string, readonly Pod[]> {
  const present = new Map<string, Pod[]>()
  for (const pod of pods) {
    const isOver = pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded'
    const node = targetNode(pod)
    if (node === undefined || (isOver && pod.metadata.deletionTimestamp)) continue
    present.set(node, [...(present.get(node) ?? []), pod])
  }
  return present
}

/** Nodes that have a pod, or should have. */
function placesOf(
  set: DaemonSet,
  nodes: readonly Node[],
  present: ReadonlyMap<string, readonly Pod[]>,
): readonly NodePods[] {
  const known = new Set(nodes.map(({ metadata }) => metadata.name ?? ''))
  const gone = [...present].flatMap(([node, pods]) => (known.has(node) ? [] : [{ node, pods, shouldRun: false }]))
  const there = nodes.flatMap(node => {
    const { name = '' } = node.metadata
    const { shouldRun } = shouldRunOn(set, node)
    const pods = present.get(name)
    return shouldRun || pods ? [{ node: name, pods: pods ?? [], shouldRun }] : []
  })
  return [...there, ...gone]
}

const change = (set: DaemonSet, hash: string, createOn: readonly string[], gone: readonly Pod[]): readonly Action[] => [
  ...createOn.slice(0, MAX_AT_ONCE).map(node => create(daemonPod(set, node, hash), set)),
  ...gone.slice(0, MAX_AT_ONCE).map(pod => remove(pod, { about: set })),
]

function nextStatus(
  set: DaemonSet,
  places: readonly NodePods[],
  hash: string,
  isAvailable: (pod: Pod) => boolean,
): NonNullable<DaemonSet['status']> {
  const wanted = places.filter(({ shouldRun }) => shouldRun)
  const heads = wanted.flatMap(({ pods }) => [...pods].sort(oldestFirst).slice(0, 1))
  const available = heads.filter(pod => isReady(pod) && isAvailable(pod)).length
  return {
    ...set.status,
    currentNumberScheduled: heads.length,
    numberMisscheduled: places.filter(({ shouldRun, pods }) => !shouldRun && pods.length > 0).length,
    desiredNumberScheduled: wanted.length,
    numberReady: heads.filter(isReady).length,
    observedGeneration: set.metadata.generation,
    updatedNumberScheduled: heads.filter(pod => isUpdated(pod, set, hash)).length || undefined,
    numberAvailable: available || undefined,
    numberUnavailable: wanted.length - available || undefined,
  }
}
