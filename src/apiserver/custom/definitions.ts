/**
 * Follows the CustomResourceDefinitions in the store: serves what they define, says so in their status, and empties a definition that is
 * on its way out. Kinds are served before `Established` says so, so whoever waits for the condition can use them.
 */
import type { Clock } from '../../base/clock.ts'
import { formatTime } from '../../base/clock.ts'
import type { Condition, UnknownObject } from '../../kube/object.ts'
import { apiError, isApiError } from '../../kube/status.ts'
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

export interface DefinitionsOptions {
  readonly context: WriteContext
  readonly catalog: Catalog
  /** Told what went wrong where nobody waits for an answer. */
  readonly warn: (message: string) => void
}

export class Definitions {
  readonly #context: WriteContext
  readonly #catalog: Catalog
  readonly #warn: (message: string) => void
  readonly #stop = new AbortController()
  /** What is served for a place: the definition's uid and generation. */
  readonly #served = new Map<string, string>()

  constructor({ context, catalog, warn }: DefinitionsOptions) {
    this.#context = context
    this.#catalog = catalog
    this.#warn = warn
    this.#inBackground(this.#follow(this.#serveAll()))
  }

  stop(): void {
    this.#stop.abort()
  }

  /** A definition has been written: serves it at once, before its writer hears of it. */
  stored(definition: UnknownObject): void {
    const crd = asDefinition(definition)
    if (crd.metadata.deletionTimestamp) {
      this.#takeDown(crd)
      return
    }
    const taken = takenNames(crd, definitionsIn(this.#context.store).filter(isEstablished))
    if (taken.length === 0) this.#serve(crd, `${crd.metadata.uid} ${crd.metadata.generation}`, servedResources(crd))
    const status = statusOf(crd, taken, this.#context.clock)
    if (status) this.#inBackground(writeStatus(this.#context, this.#catalog, crd, status))
  }

  /** A change that is not one of the spec leaves what is derived from the catalogue valid. */
  #serve(crd: CustomResourceDefinition, generation: string, resources: readonly Resource[]): boolean {
    const place = storedPlace(crd)
    if (this.#served.get(place) === generation) return false
    this.#served.set(place, generation)
    this.#catalog.replace(place, resources)
    return true
  }

  #takeDown(crd: CustomResourceDefinition): void {
    const isFirst = this.#serve(crd, TERMINATING, servedResources(crd).map(withoutCreation))
    if (isFirst) this.#inBackground(empty(this.#context, this.#catalog, crd))
  }

  #drop(place: string): void {
    this.#served.delete(place)
    this.#catalog.replace(place, [])
  }

  /** All that there are, and no others. Returns the revision of that state. */
  #serveAll(): number {
    const { items, revision } = this.#context.store.list({ resource: PLACE })
    const places = new Set(items.map(item => storedPlace(asDefinition(item))))
    for (const place of [...this.#served.keys()]) if (!places.has(place)) this.#drop(place)
    for (const item of items) this.stored(item)
    return revision
  }

  /** Creations and changes pass `stored` first; the watch is here for what is removed, or marked for it. */
  async #follow(revision: number): Promise<void> {
    try {
      for await (const batch of this.#context.store.watch({ resource: PLACE }, revision, this.#stop.signal)) {
        for (const { type, object } of batch) {
          if (type === 'DELETED') this.#drop(storedPlace(asDefinition(object)))
          else this.stored(object)
        }
      }
    } catch (error) {
      if (!isApiError(error, 'Expired')) throw error
      await this.#follow(this.#serveAll())
    }
  }

  /** An answer that says no (the definition is gone meanwhile, the store closes) needs nobody's attention. */
  #inBackground(work: Promise<unknown>): void {
    work.catch(error => {
      if (!isApiError(error)) this.#warn(`custom resource definitions: ${error instanceof Error ? error.stack : error}`)
    })
  }
}

const asDefinition = (object: UnknownObject): CustomResourceDefinition => object as unknown as CustomResourceDefinition

const TERMINATING = 'terminating'

/** While its instances are removed, none may be added: there would be no end. */
const withoutCreation = (resource: Resource): Resource => ({
  ...resource,
  strategy: {
    ...resource.strategy,
    admit: () => {
      throw apiError('MethodNotAllowed', 'create not allowed while custom resource definition is terminating')
    },
  },
})

const definitionsIn = (store: Store): readonly CustomResourceDefinition[] =>
  store.list({ resource: PLACE }).items.map(asDefinition)

const hasCondition = ({ status }: CustomResourceDefinition, type: string): boolean =>
  status?.conditions?.some(condition => condition.type === type && condition.status === 'True') ?? false
const isEstablished = (crd: CustomResourceDefinition): boolean => hasCondition(crd, 'Established')

type Status = NonNullable<CustomResourceDefinition['status']>

/** The status that the definition should have, or undefined when it has it. */
function statusOf(crd: CustomResourceDefinition, taken: readonly string[], clock: Clock): Status | undefined {
  const isAccepted = taken.length === 0
  if (isAccepted ? isEstablished(crd) && isCurrent(crd) : hasCondition(crd, 'NamesAccepted') === false && crd.status?.conditions?.length) {
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
