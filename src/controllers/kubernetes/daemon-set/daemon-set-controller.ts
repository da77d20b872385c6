/** The DaemonSet controller's shell. Remembers how often pods failed where: they are replaced ever more slowly. */
import type { ControllerRevision, DaemonSet } from '../../../kube/apps.ts'
import { contentHash8 } from '../../../kube/content-name.ts'
import type { Node, Pod } from '../../../kube/core.ts'
import { isSame } from '../../../kube/equal.ts'
import { controllerOf, type KubeObject, keyOf } from '../../../kube/object.ts'
import { selects } from '../../../kube/selector.ts'
import { candidatesFor, claim, mayAdopt, ownersKey } from '../../runtime/claim.ts'
import type { ControllerContext } from '../../runtime/context.ts'
import type { Controller } from '../../runtime/run-controller.ts'
import { reconcileDaemonSet } from './reconcile-daemon-set.ts'

const FIRST_BACK_OFF_MS = 1_000
const MAX_BACK_OFF_MS = 15 * 60_000

interface Failures {
  readonly delayMs: number
  readonly atMs: number
}

export function daemonSetController(context: ControllerContext): Controller {
  const { api, clock, informers, newQueue, log } = context
  const { perform } = context.performerFor('daemonset-controller')
  const sets = informers.of<DaemonSet>('apps/v1', 'DaemonSet')
  const pods = informers.of<Pod>('v1', 'Pod')
  const nodes = informers.of<Node>('v1', 'Node')
  const revisions = informers.of<ControllerRevision>('apps/v1', 'ControllerRevision')
  const queue = newQueue()
  const setsIn = sets.index(set => [set.metadata.namespace ?? ''])
  const podsOf = pods.index(ownersKey)
  const revisionsOf = revisions.index(ownersKey)
  /** By the set's uid and generation, and the node. */
  const failures = new Map<string, Failures>()

  function touch(object: KubeObject): void {
    const { namespace = '', labels } = object.metadata
    const owner = controllerOf(object)
    if (owner) {
      if (owner.kind === 'DaemonSet') queue.add(`${namespace}/${owner.name}`)
      return
    }
    for (const set of setsIn(namespace)) if (selects(set.spec.selector, labels)) queue.add(keyOf(set))
  }
  const touchAll = (): void => {
    for (const set of sets.list()) queue.add(keyOf(set))
  }

  for (const event of ['add', 'update', 'delete'] as const) {
    sets.on(event, (set: DaemonSet) => queue.add(keyOf(set)))
    pods.on(event, touch)
    revisions.on(event, touch)
  }
  pods.on('update', (_, before) => touch(before))
  sets.on('delete', ({ metadata }) => {
    for (const key of failures.keys()) if (key.startsWith(`${metadata.uid}/`)) failures.delete(key)
  })
  nodes.on('add', touchAll)
  nodes.on('delete', touchAll)
  nodes.on('update', (node, before) => {
    const isNews = !isSame(node.metadata.labels, before.metadata.labels) || !isSame(node.spec, before.spec)
    if (isNews) touchAll()
  })

  async function reconcile(key: string): Promise<number | undefined> {
    const [namespace, name = ''] = key.split('/')
    const set = sets.get(namespace, name)
    if (!set) return undefined
    const isOurs = ({ metadata }: KubeObject): boolean => selects(set.spec.selector, metadata.labels)
    const ownPods = claim(set, candidatesFor(set, podsOf), isOurs)
    const ownRevisions = claim(set, candidatesFor(set, revisionsOf), isOurs)
    if ((ownPods.adopts || ownRevisions.adopts) && !(await mayAdopt(api, set))) return undefined
    await perform([...ownPods.actions, ...ownRevisions.actions])
    const nowMs = clock.monotonicMs()
    const failureKey = (node: string): string => `${set.metadata.uid}/${set.status?.observedGeneration ?? 0}/${node}`
    const decision = reconcileDaemonSet(
      {
        set,
        pods: ownPods.owned,
        nodes: nodes.list(),
        revisions: ownRevisions.owned,
        backOffMs: node => leftMs(failures.get(failureKey(node)), nowMs),
      },
      contentHash8,
      clock.now(),
    )
    for (const node of decision.killedFailedOn)
      failures.set(failureKey(node), next(failures.get(failureKey(node)), nowMs))
    return perform(decision.actions)
  }

  const all = [sets, pods, nodes, revisions]
  return { name: 'daemonset', queue, ready: () => Promise.all(all.map(({ synced }) => synced)), reconcile, log }
}

const leftMs = (before: Failures | undefined, nowMs: number): number =>
  before === undefined ? 0 : Math.max(0, before.atMs + before.delayMs - nowMs)

/** One that failed nowhere for twice the longest wait starts anew (client-go's flowcontrol.Backoff). */
function next(before: Failures | undefined, nowMs: number): Failures {
  const isFresh = before === undefined || nowMs - before.atMs > 2 * MAX_BACK_OFF_MS
  return { atMs: nowMs, delayMs: isFresh ? FIRST_BACK_OFF_MS : Math.min(MAX_BACK_OFF_MS, before.delayMs * 2) }
}
