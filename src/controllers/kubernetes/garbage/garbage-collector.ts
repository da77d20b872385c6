/**
 * The garbage collector's shell: a graph of owners over every kind that is served, custom ones too. An owner that the graph does not know is
 * asked for at the server before anything is deleted: kinds are watched apart, so one view may be ahead of another.
 */
import { apiVersionOf, builtInKind, STORED_KINDS } from '../../../kube/kinds.ts'
import type { KubeObject, OwnerReference } from '../../../kube/object.ts'
import { isApiError } from '../../../kube/status.ts'
import type { CustomResourceDefinition } from '../../../kube/workloads.ts'
import type { ControllerContext } from '../../runtime/context.ts'
import { customKindsOf, type Served } from '../../runtime/custom-kinds.ts'
import type { Controller } from '../../runtime/run-controller.ts'
import { createOwnerGraph } from './owner-graph.ts'
import { groupOf, isMeant, ownerNews } from './owner-news.ts'
import { holds, isWaitingForDependents, ORPHAN, type OwnerState, reconcileGarbage } from './reconcile-garbage.ts'

/** Events come by the thousand, own nothing and expire. */
const WATCHED: readonly Served[] = STORED_KINDS.filter(({ kind }) => kind !== 'Event').map(info => ({
  apiVersion: apiVersionOf(info),
  kind: info.kind,
}))

/** Upstream's absent owner cache. */
const MAX_REMEMBERED = 500

export function garbageCollector(context: ControllerContext): Controller {
  const { api, informers, newQueue, log } = context
  const { perform } = context.performerFor('garbage-collector')
  const graph = createOwnerGraph()
  const queue = newQueue()
  const watched = new Set<string>()
  /** Uids of objects that were seen to go: they are absent, whatever a kind that is no longer served says. */
  const gone = new Set<string>()
  /** What was said of an object's owners, by its uid: once is enough. */
  const told = new Map<string, string>()

  function watch({ apiVersion, kind }: Served): void {
    if (watched.has(`${apiVersion} ${kind}`)) return
    watched.add(`${apiVersion} ${kind}`)
    const informer = informers.of(apiVersion, kind)
    // Servers leave the kind out of the objects of a list; here one must know it.
    const typed = (object: KubeObject): KubeObject => (object.kind ? object : { ...object, apiVersion, kind })
    const seen = (object: KubeObject): void => {
      graph.put(typed(object))
      if (object.metadata.deletionTimestamp) onDeleting(object)
      else if (object.metadata.ownerReferences?.some(owner => isDoubtful(object, owner)))
        queue.add(object.metadata.uid!)
      else if (isPartOfCycle(object)) queue.add(object.metadata.uid!)
    }
    informer.on('add', seen)
    informer.on('update', (object, before) => {
      seen(object)
      if (before.metadata.ownerReferences !== object.metadata.ownerReferences) touchOwners(before)
    })
    informer.on('delete', object => {
      graph.remove(object)
      told.delete(object.metadata.uid!)
      remember(object.metadata.uid!)
      touchOwners(object)
      touchDependents(object)
    })
  }

  const isDoubtful = (object: KubeObject, ref: OwnerReference): boolean => {
    const owner = graph.get(ref.uid)
    return owner === undefined || isWaitingForDependents(owner) || !isMeant(owner, ref, object)
  }

  const isPartOfCycle = (object: KubeObject): boolean =>
    object.metadata.ownerReferences !== undefined &&
    graph.dependentsOf(object.metadata.uid!).length > 0 &&
    ownerNews(object, graph).length > 0

  /** In any version. */
  const isServed = (apiVersion: string, kind: string): boolean =>
    builtInKind(apiVersion, kind) !== undefined ||
    [...watched].some(each => each.endsWith(` ${kind}`) && groupOf(each) === groupOf(apiVersion))

  function remember(uid: string): void {
    gone.add(uid)
    if (gone.size > MAX_REMEMBERED) for (const oldest of [...gone].slice(0, MAX_REMEMBERED / 2)) gone.delete(oldest)
  }

  function onDeleting(object: KubeObject): void {
    if (!isWaitingForDependents(object) && !holds(object, ORPHAN)) return
    queue.add(object.metadata.uid!)
    if (isWaitingForDependents(object)) touchDependents(object)
  }

  function touchDependents({ metadata }: KubeObject): void {
    for (const dependent of graph.dependentsOf(metadata.uid!)) queue.add(dependent.metadata.uid!)
  }

  function touchOwners({ metadata }: KubeObject): void {
    for (const { uid } of metadata.ownerReferences ?? []) {
      const owner = graph.get(uid)
      if (owner && isWaitingForDependents(owner)) queue.add(uid)
    }
  }

  async function stateOf(object: KubeObject, owner: OwnerReference): Promise<OwnerState> {
    const known = graph.get(owner.uid)
    if (known && isMeant(known, owner, object))
      return isWaitingForDependents(known) ? 'waits-for-dependents' : 'present'
    const { apiVersion, kind, name } = owner
    if (gone.has(owner.uid)) return 'absent'
    // Of a kind that nobody serves nothing is known: as upstream, nothing is deleted for it.
    if (!known && !isServed(apiVersion, kind)) return 'present'
    const isClusterWide = builtInKind(apiVersion, kind)?.namespaced === false
    const namespace = isClusterWide ? undefined : object.metadata.namespace
    try {
      const found = await api.get({ apiVersion, kind, name, ...(namespace ? { namespace } : {}) })
      if (found.metadata.uid !== owner.uid) return 'absent'
      return isWaitingForDependents(found) ? 'waits-for-dependents' : 'present'
    } catch (error) {
      if (isApiError(error, 'NotFound')) return 'absent'
      throw error
    }
  }

  async function reconcile(uid: string): Promise<number | undefined> {
    const object = graph.get(uid)
    if (!object) return undefined
    const states = new Map<string, OwnerState>()
    if (object.metadata.deletionTimestamp === undefined) {
      for (const owner of object.metadata.ownerReferences ?? []) states.set(owner.uid, await stateOf(object, owner))
    }
    const dependents = graph.dependentsOf(uid)
    await tell(object)
    return perform(reconcileGarbage({ object, dependents, stateOf: owner => states.get(owner.uid) ?? 'present' }))
  }

  async function tell(object: KubeObject): Promise<void> {
    const news = object.metadata.deletionTimestamp ? [] : ownerNews(object, graph)
    const text = JSON.stringify(news.map(action => (action.kind === 'event' ? action.message : '')))
    const { uid = '' } = object.metadata
    if (news.length === 0) told.delete(uid)
    else if (told.get(uid) !== text) await perform(news)
    if (news.length > 0) told.set(uid, text)
  }

  for (const kind of WATCHED) watch(kind)
  const ready = () => Promise.all(WATCHED.map(({ apiVersion, kind }) => informers.of(apiVersion, kind).synced))
  const definitions = informers.of<CustomResourceDefinition>('apiextensions.k8s.io/v1', 'CustomResourceDefinition')
  for (const event of ['add', 'update'] as const) {
    definitions.on(event, (definition: CustomResourceDefinition) => {
      const isServed = definition.status?.conditions?.some(c => c.type === 'Established' && c.status === 'True')
      for (const kind of isServed ? customKindsOf(definition) : []) {
        watch(kind)
        informers.served(kind.apiVersion, kind.kind)
      }
    })
  }
  definitions.on('delete', definition => {
    for (const { apiVersion, kind } of customKindsOf(definition)) {
      informers.drop(apiVersion, kind)
      watched.delete(`${apiVersion} ${kind}`)
    }
  })

  return { name: 'garbage', queue, ready, reconcile, log, workers: 10 }
}
