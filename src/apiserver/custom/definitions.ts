/**
 * Follows the CustomResourceDefinitions in the store: serves what they define, says so in their status, and empties a definition that is
 * on its way out. Kinds are served before `Established` says so, so whoever waits for the condition can use them.
 */
import { formatTime } from '../../base/clock.ts'
import { isSame } from '../../kube/equal.ts'
import type { UnknownObject } from '../../kube/object.ts'
import { apiError, isApiError } from '../../kube/status.ts'
import type { CustomResourceDefinition } from '../../kube/workloads.ts'
import type { Catalog } from '../resource/catalog.ts'
import { deleteCollection } from '../resource/delete.ts'
import type { Resource } from '../resource/resource.ts'
import { updateObject, type WriteContext } from '../resource/write.ts'
import type { Store } from '../store/store.ts'
import { servedResources, storedPlace } from './custom-resource.ts'
import { CLEANUP_FINALIZER } from './definition-rules.ts'
import { acceptNames, type DefinitionStatus, isEstablished, nextStatus, terminating } from './definition-status.ts'

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
    const naming = acceptNames(crd, definitionsIn(this.#context.store))
    // One that has been served goes on, whatever became of its names.
    if (!naming.conflict || isEstablished(crd)) {
      this.#serve(crd, `${crd.metadata.uid} ${crd.metadata.generation}`, servedResources(crd))
    }
    const status = nextStatus(crd, naming, formatTime(this.#context.clock.now()))
    if (!isSame(status, crd.status)) this.#inBackground(writeStatus(this.#context, this.#catalog, crd, status))
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

const targetOf = (catalog: Catalog, crd: CustomResourceDefinition) => ({
  resource: definitionResource(catalog),
  name: crd.metadata.name ?? '',
})

const definitionResource = (catalog: Catalog): Resource =>
  catalog.byKind('apiextensions.k8s.io/v1', 'CustomResourceDefinition')

async function writeStatus(
  context: WriteContext,
  catalog: Catalog,
  crd: CustomResourceDefinition,
  status: DefinitionStatus,
) {
  await updateObject(context, targetOf(catalog, crd), old => ({ ...old, status }), {
    ...MANAGER,
    subresource: 'status',
  })
}

/** Removes all instances; the definition's finalizer goes when the last of them is gone (their own finalizers may take a while). */
async function empty(context: WriteContext, catalog: Catalog, crd: CustomResourceDefinition): Promise<void> {
  const place = storedPlace(crd)
  const resource = catalog.byStored(place)
  const time = formatTime(context.clock.now())
  await writeStatus(context, catalog, crd, terminating(crd, time))
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
