/**
 * A write that webhooks have a say in: decided, shown to them, and made only if the object is still what it was when they were asked; else
 * all of it once more. Nothing is locked while they think.
 */
import { isSame } from '../../kube/equal.ts'
import type { UnknownObject } from '../../kube/object.ts'
import { recordWrite } from '../resource/ownership.ts'
import { fillDefaults, validate } from '../resource/pipeline.ts'
import { conflict, MODIFIED } from '../resource/refusals.ts'
import type { Change, Store } from '../store/store.ts'
import { askWebhooks, type HookedRequest } from './hooks.ts'

/** How often an object may change under a write before the write gives up. */
const ATTEMPTS = 10

interface Decided {
  readonly object: UnknownObject
  readonly manager: string
  readonly now: number
}

/** The object that the write would store, with what webhooks made of it: in order, valid, and theirs in the name of who writes. */
export async function admitted(
  store: Store,
  request: HookedRequest,
  { object, manager, now }: Decided,
): Promise<UnknownObject> {
  const { resource, old, subresource } = request
  const complete = (changed: UnknownObject): UnknownObject => {
    const filled = fillDefaults(resource, {
      ...changed,
      metadata: { ...changed.metadata, name: object.metadata.name },
    } as UnknownObject)
    validate(resource, filled, old)
    return filled
  }
  const final = await askWebhooks(store, { ...request, object }, complete)
  if (final === undefined || isSame(final, object)) return object
  return recordWrite(resource, object, final, { manager, now, ...(subresource !== undefined && { subresource }) })
}

export interface Deciding {
  readonly read: () => UnknownObject | undefined
  /** What the stored object would become; the object itself for no change, undefined to remove it. */
  readonly decide: (stored: UnknownObject | undefined) => Promise<UnknownObject | undefined>
  readonly write: (change: Change) => Promise<UnknownObject | undefined>
}

/** Decides and writes, until nothing has changed in between. */
export async function writeDecided(
  { resource, name }: Pick<HookedRequest, 'resource' | 'name'>,
  { read, decide, write }: Deciding,
): Promise<UnknownObject | undefined> {
  for (let i = 0; i < ATTEMPTS; i++) {
    const before = read()
    const next = await decide(before)
    let isStale = false
    const result = await write(stored => {
      isStale = stored?.metadata.resourceVersion !== before?.metadata.resourceVersion
      if (isStale) return stored
      return next === before ? stored : next
    })
    if (!isStale) return result
  }
  throw conflict(resource.info, name, MODIFIED)
}
