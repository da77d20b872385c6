/** create, update, patch and apply: the stages of `pipeline.ts` around one `store.write`. Deleting is in `delete.ts`. */
import { whenLoaded } from '../../base/not-loaded.ts'
import { isSame } from '../../kube/equal.ts'
import type { UnknownObject } from '../../kube/object.ts'
import { isApiError } from '../../kube/status.ts'
import { check as checkAdmission, holdQuota } from '../admission/chain.ts'
import type { QuotaHold } from '../admission/quota-ledger.ts'
import type { Change, Store } from '../store/store.ts'
import { admitted, writeDecided } from '../webhooks/hooked-write.ts'
import { isHooked } from '../webhooks/hooks.ts'
import { invalid, invalidObject } from './field-error.ts'
import { carriedMetadata, generatedName } from './metadata.ts'
import { admissionOf, newObject } from './new-object.ts'
import { recordApply, recordWrite } from './ownership.ts'
import { checkDecoded, fillDefaults, validate, withGeneration } from './pipeline.ts'
import { storeKey, type Target } from './read.ts'
import { alreadyExists, badRequest, conflict, generateNameExhausted, MODIFIED, notFound } from './refusals.ts'
import { type Resource, served, toStored } from './resource.ts'
import { withinSubresource } from './within-subresource.ts'
import type { WriteContext, WriteRequest } from './write-request.ts'

export type { WriteContext, WriteRequest }

/** KEP-4420: how often a generated name is tried again when it is taken. */
const NAME_ATTEMPTS = 8

export async function createObject(
  context: WriteContext,
  target: Target,
  given: UnknownObject,
  request: WriteRequest,
): Promise<UnknownObject> {
  checkDecoded(target, given)
  if (given.metadata.resourceVersion) throw badRequest('resourceVersion should not be set on objects to be created')
  if (given.metadata.name || !given.metadata.generateName) return createNamed(context, target, given, request)
  for (let attempt = 1; ; attempt++) {
    const name = generatedName(given.metadata.generateName)
    const named = { ...given, metadata: { ...given.metadata, name } }
    try {
      return await createNamed(context, { ...target, name }, named, {
        ...request,
        shownName: given.metadata.generateName,
      })
    } catch (error) {
      if (!isApiError(error, 'AlreadyExists')) throw error
      if (attempt === NAME_ATTEMPTS) throw generateNameExhausted(target.resource.info, name)
    }
  }
}

const createNamed = (...given: Parameters<typeof createOnce>): Promise<UnknownObject> =>
  whenLoaded(() => createOnce(...given))

async function createOnce(
  context: WriteContext,
  target: Target,
  given: UnknownObject,
  request: WriteRequest,
): Promise<UnknownObject> {
  const { resource } = target
  const named = { ...target, name: given.metadata.name ?? '' }
  const taken = context.addresses.open(context.store)
  const quota = holdQuota(context.store)
  try {
    const complete = newObject(context, named, given, { allocate: taken.allocate, quota, request })
    const now = context.clock.now()
    const recorded = recordWrite(resource, undefined, complete, { ...request, now })
    const asked = { ...admissionOf(named, request, 'CREATE'), object: recorded, dryRun: request.dryRun ?? false }
    const created = isHooked(context.store, asked)
      ? await admitted(context.store, asked, { object: recorded, manager: request.manager, now })
      : recorded
    const change = (current: UnknownObject | undefined): UnknownObject => {
      if (current) throw alreadyExists(resource.info, named.name, current.metadata.deletionTimestamp !== undefined)
      return toStored(resource, created)
    }
    const stored = request.dryRun
      ? change(context.store.get(storeKey(named)))
      : await persist(context.store, named, change)
    return served(resource, stored ?? created)
  } finally {
    quota.release()
    taken.close()
  }
}

/** What the new state shall be, from the present one. Runs inside the store's write: pure, perhaps more than once. */
export type Produce = (old: UnknownObject) => UnknownObject

/** PUT and the three PATCH types: they differ only in how the new state comes from the old one. */
export async function updateObject(
  context: WriteContext,
  target: Target,
  produce: Produce,
  request: WriteRequest,
): Promise<UnknownObject> {
  const { resource, name } = target
  const quota = holdQuota(context.store)
  try {
    return await writeState(context, target, request, current => {
      if (!current) throw notFound(resource.info, name)
      return nextState(context, target, current, produce(current), { ...request, quota })
    })
  } finally {
    quota.release()
  }
}

export interface Applied {
  readonly object: UnknownObject
  readonly isNew: boolean
}

/** Server-side apply: an absent object is created. */
export async function applyObject(
  context: WriteContext,
  target: Target,
  applied: UnknownObject,
  request: WriteRequest & { readonly force: boolean },
): Promise<Applied> {
  checkDecoded(target, applied)
  const { resource, name } = target
  let isNew = false
  const taken = context.addresses.open(context.store)
  const quota = holdQuota(context.store)
  try {
    const object = await writeState(context, target, request, current => {
      isNew = current === undefined
      const now = context.clock.now()
      const { uid } = applied.metadata
      if (current) {
        if (uid && uid !== current.metadata.uid)
          throw invalidObject(resource.info, name, [invalid('metadata.uid', uid, 'field is immutable')])
        checkVersion(resource, current, applied)
        const merged = recordApply(resource, current, applied, { ...request, now })
        return nextState(context, target, current, merged, { ...request, isRecorded: true, quota })
      }
      if (request.subresource) throw notFound(resource.info, name)
      if (uid) {
        const why = `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`
        throw conflict(resource.info, name, why)
      }
      const named = { ...applied, metadata: { ...applied.metadata, name } }
      const claimed = recordApply(resource, undefined, named, { ...request, now })
      return newObject(context, target, claimed, { allocate: taken.allocate, quota, request })
    })
    return { object, isNew }
  } finally {
    quota.release()
    taken.close()
  }
}

/** Safe on the disk, seen by watches, and told to whom it concerns, in this order. */
async function persist(store: Store, target: Target, change: Change): Promise<UnknownObject | undefined> {
  const stored = await store.write(storeKey(target), change)
  if (stored) target.resource.onStored?.(stored)
  return stored
}

const writeState = (...given: Parameters<typeof writeOnce>): Promise<UnknownObject> =>
  whenLoaded(() => writeOnce(...given))

/** `decide` works on the served form; an object that nothing holds any more is removed. */
async function writeOnce(
  { store, clock }: WriteContext,
  target: Target,
  request: WriteRequest,
  decide: (current: UnknownObject | undefined) => UnknownObject,
): Promise<UnknownObject> {
  const { resource } = target
  let decided: UnknownObject | undefined
  const change = (stored: UnknownObject | undefined): UnknownObject | undefined => {
    const current = stored && served(resource, stored)
    decided = decide(current)
    if (current && decided === current) return stored
    return isReleased(resource, decided) ? undefined : toStored(resource, decided)
  }
  const asked = { ...admissionOf(target, request, 'UPDATE'), dryRun: request.dryRun ?? false }
  const operations = ['CREATE', 'UPDATE'] as const
  const isWatched = !request.isServerOwn && operations.some(operation => isHooked(store, { ...asked, operation }))
  const hooked = async (before: UnknownObject | undefined): Promise<UnknownObject | undefined> => {
    const next = change(before)
    if (!decided || next === before) return next
    const old = before && served(resource, before)
    const own = old ? { ...asked, old } : { ...asked, operation: 'CREATE' as const }
    decided = await admitted(store, own, { object: decided, manager: request.manager, now: clock.now() })
    return isReleased(resource, decided) ? undefined : toStored(resource, decided)
  }
  if (request.dryRun) {
    const before = store.get(storeKey(target))
    if (isWatched) await hooked(before)
    else change(before)
    return decided as UnknownObject
  }
  const read = () => store.get(storeKey(target))
  const stored = isWatched
    ? await writeDecided(asked, { read, decide: hooked, write: next => persist(store, target, next) })
    : await persist(store, target, change)
  const last = decided as unknown as UnknownObject
  // Who takes away what held an object sees it as it went.
  return stored && !isReleased(resource, last) ? served(resource, stored) : last
}

/** Marked for deletion, no time left, and nothing that holds it. */
export function isReleased({ strategy }: Resource, { metadata, ...rest }: UnknownObject): boolean {
  return (
    metadata.deletionTimestamp !== undefined &&
    (metadata.finalizers ?? []).length === 0 &&
    (metadata.deletionGracePeriodSeconds ?? 0) === 0 &&
    !strategy.isHeld?.({ metadata, ...rest } as UnknownObject)
  )
}

function nextState(
  context: WriteContext,
  target: Target,
  old: UnknownObject,
  candidate: UnknownObject,
  request: WriteRequest & { readonly isRecorded?: boolean; readonly quota: QuotaHold },
): UnknownObject {
  const { resource } = target
  const { store, clock } = context
  checkDecoded(target, candidate)
  checkVersion(resource, old, candidate)
  const carried = { ...candidate, metadata: carriedMetadata(old.metadata, candidate.metadata) }
  const complete = request.isServerOwn ? carried : completed(context, resource, old, carried, request)
  const next = withGeneration(resource, old, complete)
  checkAdmission(
    { ...admissionOf(target, request, 'UPDATE'), object: next, old },
    { store, clock, quota: request.quota },
  )
  if (request.isRecorded) return isSame(old, next) ? old : next
  return recordWrite(resource, old, next, { ...request, now: clock.now() })
}

/** Defaults and validation; a built-in kind's status is its controllers' own business, as upstream has it (nearly) everywhere. */
function completed(
  context: WriteContext,
  resource: Resource,
  old: UnknownObject,
  carried: UnknownObject,
  { subresource, warn }: WriteRequest,
): UnknownObject {
  const changed = withinSubresource(resource, old, carried, subresource)
  if (subresource === 'status' && !resource.isCustom) {
    const errors = resource.strategy.validateStatus?.(changed, old) ?? []
    if (errors.length > 0) throw invalidObject(resource.info, old.metadata.name ?? '', errors)
    return changed
  }
  const prepared = resource.strategy.prepareUpdate?.(changed, old) ?? changed
  const complete = fillDefaults(resource, admittedUpdate(context, resource, prepared))
  validate(resource, complete, old, warn)
  return complete
}

function admittedUpdate({ store, clock, addresses }: WriteContext, { strategy }: Resource, object: UnknownObject) {
  if (!strategy.admitUpdate) return object
  const taken = addresses.open(store)
  try {
    return strategy.admitUpdate(object, { store, clock, allocateServiceIp: taken.allocate })
  } finally {
    taken.close()
  }
}

function checkVersion({ info }: Resource, old: UnknownObject, { metadata }: UnknownObject): void {
  const name = old.metadata.name ?? ''
  if (metadata.uid && metadata.uid !== old.metadata.uid) {
    const why = `Precondition failed: UID in precondition: ${metadata.uid}, UID in object meta: ${old.metadata.uid}`
    throw conflict(info, name, why)
  }
  const { resourceVersion = '0' } = metadata
  if (resourceVersion !== '' && resourceVersion !== '0' && resourceVersion !== old.metadata.resourceVersion) {
    throw conflict(info, name, MODIFIED)
  }
}
