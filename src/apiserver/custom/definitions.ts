/**
 * Follows the CustomResourceDefinitions in the store: serves what they define, says so in their status, and empties a definition that is
 * on its way out. Kinds are served before `Established` says so, so whoever waits for the condition can use them.
 */
import type { Clock } from '../../base/clock.ts'
import { formatTime } from '../../base/clock.ts'
import type { Condition, UnknownObject } from '../../kube/object.ts'
import { isApiError } from '../../kube/status.ts'
import type { CustomResourceDefinition } from '../../kube/workloads.ts'
import type { Catalog } from '../resource/catalog.ts'
import { deleteCollection } from '../resource/delete.ts'
import type { Resource } from '../resource/resource.ts'
import { updateObject, type WriteContext } from '../resource/write.ts'
import type { Store } from '../store/store.ts'
import { servedResources, storedPlace } from './custom-resource.ts'
import { CLEANUP_FINALIZER, takenNames } from './definition-rules.ts'

const PLACE = 'apiextensions.k8s.io/customresourcedefinitions'
const MANAGER = { manager: 'solvent-apiserver' }

export interface Definitions {
  /** A definition has been written: serves it at once, before its writer hears of it. */
  stored(definition: UnknownObject): void
  stop(): void
}

export function followDefinitions(context: WriteContext, catalog: Catalog): Definitions {
  const { store } = context
  const known = store.list({ resource: PLACE })
  const stop = new AbortController()
  const generations = new Map<string, string>()
  const serve = (object: UnknownObject): void => {
    const crd = asDefinition(object)
    const place = storedPlace(crd)
    if (crd.metadata.deletionTimestamp) {
      void empty(context, catalog, crd).catch(ignoreGone)
      return
    }
    const taken = takenNames(crd, definitionsIn(store).filter(isEstablished))
    // A change that is not one of the spec leaves what is derived from the catalogue valid.
    const generation = `${crd.metadata.uid} ${crd.metadata.generation}`
    if (taken.length === 0 && generations.get(place) !== generation) {
      generations.set(place, generation)
      catalog.replace(place, servedResources(crd))
    }
    const status = statusOf(crd, taken, context.clock)
    if (status) void writeStatus(context, catalog, crd, status).catch(ignoreGone)
  }
  for (const object of known.items) serve(object)
  void followChanges(context, catalog, known.revision, serve, stop.signal)
  return { stored: serve, stop: () => stop.abort() }
}

const asDefinition = (object: UnknownObject): CustomResourceDefinition => object as unknown as CustomResourceDefinition

async function followChanges(
  { store }: WriteContext,
  catalog: Catalog,
  revision: number,
  serve: (object: UnknownObject) => void,
  signal: AbortSignal,
): Promise<void> {
  // All writes pass `stored`; the watch is here for what removes without a write of its own: the last finalizer of a definition.
  for await (const batch of store.watch({ resource: PLACE }, revision, signal)) {
    for (const { type, object } of batch) {
      if (type === 'DELETED') catalog.replace(storedPlace(asDefinition(object)), [])
      else serve(object)
    }
  }
}

const definitionsIn = (store: Store): readonly CustomResourceDefinition[] =>
  store.list({ resource: PLACE }).items.map(asDefinition)

const hasCondition = ({ status }: CustomResourceDefinition, type: string): boolean =>
  status?.conditions?.some(condition => condition.type === type && condition.status === 'True') ?? false
const isEstablished = (crd: CustomResourceDefinition): boolean => hasCondition(crd, 'Established')

type Status = NonNullable<CustomResourceDefinition['status']>

/** The status that the definition should have, or undefined when it has it. */
function statusOf(crd: CustomResourceDefinition, taken: readonly string[], clock: Clock): Status | undefined {
  const isAccepted = taken.length === 0
  if (isAccepted ? isEstablished(crd) && isCurrent(crd) : hasCondition(crd, 'NamesAccepted') === false && crd.status) {
    return undefined
  }
  const time = formatTime(clock.now())
  const accepted = isAccepted
    ? condition('NamesAccepted', true, 'NoConflicts', 'no conflicts found', time)
    : condition(
        'NamesAccepted',
        false,
        'NamesConflict',
        `${taken.map(n => JSON.stringify(n)).join(', ')} is already in use`,
        time,
      )
  const established = isAccepted
    ? condition('Established', true, 'InitialNamesAccepted', 'the initial names have been accepted', time)
    : condition('Established', false, 'NotAccepted', 'not all names are accepted', time)
  const stored = crd.spec.versions.filter(version => version.storage).map(version => version.name)
  return {
    conditions: [accepted, established],
    acceptedNames: crd.spec.names,
    storedVersions: [...new Set([...(crd.status?.storedVersions ?? []), ...stored])],
  }
}

const isCurrent = ({ spec, status }: CustomResourceDefinition): boolean =>
  spec.versions.filter(version => version.storage).every(version => status?.storedVersions?.includes(version.name))

const condition = (type: string, holds: boolean, reason: string, message: string, time: string): Condition => ({
  type,
  status: holds ? 'True' : 'False',
  reason,
  message,
  lastTransitionTime: time,
})

const targetOf = (catalog: Catalog, crd: CustomResourceDefinition) => ({
  resource: definitionResource(catalog),
  name: crd.metadata.name ?? '',
})

const definitionResource = (catalog: Catalog): Resource =>
  catalog.byKind('apiextensions.k8s.io/v1', 'CustomResourceDefinition')

async function writeStatus(context: WriteContext, catalog: Catalog, crd: CustomResourceDefinition, status: Status) {
  await updateObject(context, targetOf(catalog, crd), old => ({ ...old, status }), {
    ...MANAGER,
    subresource: 'status',
  })
}

/** Removes all instances; the definition's finalizer goes when the last of them is gone (their own finalizers may take a while). */
async function empty(context: WriteContext, catalog: Catalog, crd: CustomResourceDefinition): Promise<void> {
  const place = storedPlace(crd)
  const resource = catalog.byStored(place)
  if (resource) {
    const { revision } = context.store.list({ resource: place })
    await deleteCollection(context, resource, undefined, {}, { propagationPolicy: 'Background' })
    await untilEmpty(context.store, place, revision)
  }
  await updateObject(
    context,
    targetOf(catalog, crd),
    old => ({
      ...old,
      metadata: {
        ...old.metadata,
        finalizers: old.metadata.finalizers?.filter(name => name !== CLEANUP_FINALIZER) ?? [],
      },
    }),
    MANAGER,
  )
}

async function untilEmpty(store: Store, resource: string, revision: number): Promise<void> {
  const stop = new AbortController()
  const isEmpty = (): boolean => store.list({ resource }, { limit: 1 }).items.length === 0
  if (isEmpty()) return
  for await (const _ of store.watch({ resource }, revision, stop.signal)) if (isEmpty()) break
  stop.abort()
}

/** Somebody else has removed it, or the server is closing: both fine. */
function ignoreGone(error: unknown): void {
  if (!isApiError(error)) throw error
}
