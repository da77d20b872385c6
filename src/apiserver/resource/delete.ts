/**
 * Deleting: what nothing holds goes at once; else the object is marked (`deletionTimestamp`), and the last write that takes away its
 * finalizers or its grace period removes it (apiserver's registry/rest/delete.go and generic/registry/store.go).
 */
import { formatTime } from '../../base/clock.ts'
import type { DeleteOptions } from '../../client/kube-api.ts'
import { isSame } from '../../kube/equal.ts'
import type { UnknownObject } from '../../kube/object.ts'
import { isApiError } from '../../kube/status.ts'
import { check } from '../admission/chain.ts'
import { ADMIN, type User } from '../auth/user.ts'
import type { Store } from '../store/store.ts'
import { askWebhooks, isHooked } from '../webhooks/hooks.ts'
import { admissionOf } from './new-object.ts'
import { type ListQuery, listObjects, storeKey, type Target } from './read.ts'
import { conflict, notFound } from './refusals.ts'
import { type Resource, served } from './resource.ts'
import { isReleased, type WriteContext } from './write.ts'

export interface Deleted {
  readonly object: UnknownObject
  /** False while finalizers or a grace period hold it. */
  readonly isGone: boolean
}

export async function deleteObject(
  { store, clock }: WriteContext,
  target: Target,
  options: DeleteOptions = {},
  user: User = ADMIN,
): Promise<Deleted> {
  const { resource, name } = target
  let marked: UnknownObject | undefined
  const change = (stored: UnknownObject | undefined): UnknownObject | undefined => {
    if (!stored) throw notFound(resource.info, name)
    check({ ...admissionOf(target, { user }, 'DELETE'), old: stored }, { store, clock })
    checkPreconditions(resource, stored, options)
    marked = mark(resource, stored, options, clock.now())
    return isReleased(resource, marked) ? undefined : marked
  }
  const key = storeKey(target)
  await askBeforeDeleting(store, target, options, user)
  const stored = options.dryRun ? change(store.get(key)) : await store.write(key, change)
  // What was given time to end is shown as it ended.
  const end = marked as unknown as UnknownObject
  const isShown = resource.strategy.gracePeriodSeconds !== undefined && isReleased(resource, end)
  const last = isShown ? end : (stored ?? end)
  return { object: served(resource, last), isGone: isReleased(resource, marked as UnknownObject) }
}

/** Webhooks are shown what is to go. */
async function askBeforeDeleting(store: Store, target: Target, { dryRun }: DeleteOptions, user: User): Promise<void> {
  const stored = store.get(storeKey(target))
  if (!stored) return
  const asked = {
    ...admissionOf(target, { user }, 'DELETE'),
    old: served(target.resource, stored),
    dryRun: dryRun ?? false,
  }
  if (isHooked(store, asked)) await askWebhooks(store, asked, object => object)
}

function checkPreconditions({ info }: Resource, { metadata }: UnknownObject, { preconditions }: DeleteOptions): void {
  const differs = (what: string, asked: string, is: string | undefined, why: string) =>
    conflict(
      { ...info, plural: info.kind },
      metadata.name ?? '',
      `the ${what} in the precondition (${asked}) does not match the ${what} in record (${is}). The object might have been ${why}`,
    )
  const { uid, resourceVersion } = preconditions ?? {}
  if (uid && uid !== metadata.uid) throw differs('UID', uid, metadata.uid, 'deleted and then recreated')
  if (resourceVersion && resourceVersion !== metadata.resourceVersion)
    throw differs('ResourceVersion', resourceVersion, metadata.resourceVersion, 'modified')
}

/** Which finalizer makes the garbage collector do what is asked; the other one is taken away. */
const COLLECTOR_FINALIZERS = { Foreground: 'foregroundDeletion', Orphan: 'orphan' } as const

function finalizersFor(present: readonly string[], policy: DeleteOptions['propagationPolicy']): readonly string[] {
  if (policy === undefined) return present
  const others = present.filter(name => !Object.values<string>(COLLECTOR_FINALIZERS).includes(name))
  return policy === 'Background' ? others : [...others, COLLECTOR_FINALIZERS[policy]]
}

/** The object on its way out; the same object when nothing changes by asking again. */
function mark(resource: Resource, object: UnknownObject, options: DeleteOptions, now: number): UnknownObject {
  const { strategy } = resource
  const { metadata } = object
  const asked = strategy.gracePeriodSeconds?.(object, options.gracePeriodSeconds) ?? 0
  const isFirst = metadata.deletionTimestamp === undefined
  // A second request may shorten the time that is left, never lengthen it.
  const graceSeconds = isFirst ? asked : Math.min(asked, metadata.deletionGracePeriodSeconds ?? 0)
  const finalizers = finalizersFor(metadata.finalizers ?? [], options.propagationPolicy)
  const isShortened = !isFirst && graceSeconds < (metadata.deletionGracePeriodSeconds ?? 0)
  if (!isFirst && !isShortened && isSame(finalizers, metadata.finalizers ?? [])) return object
  const deleting: UnknownObject = {
    ...object,
    metadata: {
      ...metadata,
      ...(isFirst && metadata.generation !== undefined && { generation: metadata.generation + 1 }),
      ...((metadata.finalizers || finalizers.length > 0) && { finalizers }),
      deletionTimestamp: isFirst || isShortened ? formatTime(now + graceSeconds * 1000) : metadata.deletionTimestamp,
      deletionGracePeriodSeconds: graceSeconds,
    },
  }
  return isFirst ? (strategy.onMarkedForDeletion?.(deleting) ?? deleting) : deleting
}

/** One by one, as upstream does; what is gone in the meantime does not matter. The objects come back as they were before. */
export async function deleteCollection(
  context: WriteContext,
  resource: Resource,
  namespace: string | undefined,
  query: ListQuery,
  options: DeleteOptions,
  user: User = ADMIN,
): Promise<readonly UnknownObject[]> {
  const { items } = listObjects(context.store, resource, namespace, query)
  const deletions = (items as readonly UnknownObject[]).map(async listed => {
    const { namespace: inside, name = '' } = listed.metadata
    try {
      const target = { resource, name, ...(inside !== undefined && { namespace: inside }) }
      await deleteObject(context, target, options, user)
      return [listed]
    } catch (error) {
      if (isApiError(error, 'NotFound')) return []
      throw error
    }
  })
  return (await Promise.all(deletions)).flat()
}
