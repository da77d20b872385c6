/**
 * KubeApi in process: the engine without HTTP. Objects go in and come out as they are (frozen, shared with the store); nothing is
 * written as text and read again. For the parts of the cluster that share the server's process, as administrators or as a given user.
 */
import type {
  Collection,
  DeleteOptions,
  KubeApi,
  ListOptions,
  LogOptions,
  PatchType,
  WatchOptions,
  WriteOptions,
} from '../client/kube-api.ts'
import { FIELD_MANAGER } from '../kube/names.ts'
import type { KubeList, KubeObject, ObjectRef, UnknownObject, WatchEvent } from '../kube/object.ts'
import { authorize } from './auth/authorize.ts'
import type { User } from './auth/user.ts'
import { deleteObject } from './resource/delete.ts'
import type { Engine } from './resource/engine.ts'
import { podLog } from './resource/log.ts'
import { patched } from './resource/patch.ts'
import { computeList, computeObject, getObject, listObjects, type Target } from './resource/read.ts'
import { badRequest, methodNotAllowed } from './resource/refusals.ts'
import type { Resource } from './resource/resource.ts'
import { type Subresource, shapeOf } from './resource/subresource.ts'
import { watchObjects } from './resource/watch.ts'
import { applyObject, createObject, type Produce, updateObject, type WriteRequest } from './resource/write.ts'

export class LocalApi implements KubeApi {
  readonly #engine: Engine
  readonly #user: User

  constructor(engine: Engine, user: User) {
    this.#engine = engine
    this.#user = user
  }

  async get<T extends KubeObject = UnknownObject>(ref: ObjectRef): Promise<T> {
    const target = this.#target(ref)
    this.#authorize('get', target)
    if (target.resource.compute) return as<T>((await computeObject(this.#engine, target)).object)
    return as<T>(getObject(this.#engine.store, target))
  }

  async list<T extends KubeObject = UnknownObject>(
    collection: Collection,
    options?: ListOptions,
  ): Promise<KubeList<T>> {
    const { resource, namespace } = this.#collection(collection)
    this.#authorize('list', { resource, name: '', ...(namespace !== undefined && { namespace }) })
    if (resource.compute) {
      const { metadata, entries } = await computeList(this.#engine, resource, namespace, options)
      const { apiVersion, info } = resource
      const items = entries.map(({ object }) => as<T>(object))
      return { apiVersion, kind: `${info.kind}List`, metadata, items }
    }
    return listObjects(this.#engine.store, resource, namespace, options) as unknown as KubeList<T>
  }

  async *watch<T extends KubeObject = UnknownObject>(
    collection: Collection,
    options: WatchOptions = {},
  ): AsyncGenerator<WatchEvent<T>> {
    const { resource, namespace } = this.#collection(collection)
    this.#authorize('watch', { resource, name: '', ...(namespace !== undefined && { namespace }) })
    const { allowBookmarks, sendInitialEvents, ...rest } = options
    const batches = watchObjects(this.#engine, resource, namespace, {
      ...rest,
      ...(sendInitialEvents && { sendInitialEvents, resourceVersionMatch: 'NotOlderThan' }),
      ...((allowBookmarks || sendInitialEvents) && { allowWatchBookmarks: true }),
    })
    for await (const batch of batches) {
      for (const { type, object } of batch) yield { type, object } as unknown as WatchEvent<T>
    }
  }

  async create<T extends KubeObject = UnknownObject>(object: KubeObject, options: WriteOptions = {}): Promise<T> {
    if (options.subresource) return as<T>(await this.#createUnder(options.subresource, object, options))
    const target = this.#targetOf(object)
    this.#authorize('create', target)
    return as<T>(await createObject(this.#engine, target, object as UnknownObject, this.#request(options)))
  }

  async update<T extends KubeObject = UnknownObject>(object: KubeObject, options: WriteOptions = {}): Promise<T> {
    const target = this.#targetOf(object)
    this.#authorize('update', target, options.subresource)
    return as<T>(await this.#write(target, () => object as UnknownObject, options))
  }

  async patch<T extends KubeObject = UnknownObject>(
    ref: ObjectRef,
    type: PatchType,
    patch: unknown,
    options: WriteOptions = {},
  ): Promise<T> {
    const target = this.#target(ref)
    this.#authorize('patch', target, options.subresource)
    const shape = options.subresource
      ? shapeOf(target.resource, this.#subresource(options.subresource))
      : target.resource
    return as<T>(await this.#write(target, old => patched(shape, type, old, patch), options))
  }

  async apply<T extends KubeObject = UnknownObject>(
    object: KubeObject,
    options: WriteOptions & { readonly fieldManager: string; readonly force?: boolean },
  ): Promise<T> {
    const target = this.#targetOf(object)
    this.#authorize('patch', target, options.subresource)
    const { force = false } = options
    const applied = await applyObject(this.#engine, target, object as UnknownObject, {
      ...this.#request(options),
      force,
    })
    return as<T>(applied.object)
  }

  async delete(ref: ObjectRef, options?: DeleteOptions): Promise<void> {
    const target = this.#target(ref)
    this.#authorize('delete', target)
    await deleteObject(this.#engine, target, options, this.#user)
  }

  async *logs(
    { namespace, name }: { readonly namespace: string; readonly name: string },
    options: LogOptions = {},
  ): AsyncGenerator<Uint8Array> {
    const target = this.#target({ apiVersion: 'v1', kind: 'Pod', namespace, name })
    this.#authorize('get', target, 'log')
    yield* podLog(this.#engine, target, options)
  }

  /** `object` is the subresource's body; it names its parent, whose kind follows from the body's. */
  async #createUnder(name: string, object: KubeObject, options: WriteOptions): Promise<UnknownObject> {
    const subresource = this.#subresource(name)
    const parent = PARENTS[name]
    if (!subresource.create || !parent) throw methodNotAllowed()
    const { metadata } = object
    const target = this.#target({ ...parent, name: metadata.name ?? '', ...inNamespace(metadata.namespace) })
    this.#authorize('create', target, name)
    return subresource.create(this.#engine, target, object as UnknownObject, this.#request(options))
  }

  #write(target: Target, produce: Produce, options: WriteOptions): Promise<UnknownObject> {
    if (options.subresource === undefined) return updateObject(this.#engine, target, produce, this.#request(options))
    const { update } = this.#subresource(options.subresource)
    if (!update) throw methodNotAllowed()
    return update(this.#engine, target, produce, this.#request(options))
  }

  #subresource(name: string): Subresource {
    const found = this.#engine.subresources[name]
    if (!found) throw methodNotAllowed()
    return found
  }

  #target({ apiVersion, kind, namespace, name }: ObjectRef): Target {
    const resource = this.#engine.catalog.byKind(apiVersion, kind)
    return { resource, name, ...inNamespace(placeOf(resource, namespace)) }
  }

  #targetOf({ apiVersion, kind, metadata }: KubeObject): Target {
    return this.#target({ apiVersion, kind, name: metadata.name ?? '', ...inNamespace(metadata.namespace) })
  }

  #collection({ apiVersion, kind, namespace }: Collection): { resource: Resource; namespace?: string } {
    const resource = this.#engine.catalog.byKind(apiVersion, kind)
    return { resource, ...(resource.info.namespaced ? inNamespace(namespace) : {}) }
  }

  #request({ fieldManager = FIELD_MANAGER, dryRun, subresource }: WriteOptions): WriteRequest {
    return {
      manager: fieldManager,
      user: this.#user,
      ...(dryRun && { dryRun }),
      ...(subresource !== undefined && { subresource }),
    }
  }

  #authorize(verb: string, { resource, namespace, name }: Target, subresource?: string): void {
    const { group, plural } = resource.info
    authorize(this.#engine.store, this.#user, {
      kind: 'resource',
      verb,
      group,
      resource: plural,
      ...(subresource !== undefined && { subresource }),
      ...inNamespace(namespace),
      // As over HTTP: what is created has no name in its URL.
      ...(name && (verb !== 'create' || subresource !== undefined) && { name }),
    })
  }
}

/** Whose subresource a body is: Binding and Eviction are a Pod's, a TokenRequest a ServiceAccount's. */
const PARENTS: Readonly<Record<string, { readonly apiVersion: string; readonly kind: string }>> = {
  binding: { apiVersion: 'v1', kind: 'Pod' },
  eviction: { apiVersion: 'v1', kind: 'Pod' },
  token: { apiVersion: 'v1', kind: 'ServiceAccount' },
}

const as = <T>(object: UnknownObject): T => object as unknown as T

const inNamespace = (namespace: string | undefined) => (namespace === undefined ? {} : { namespace })

function placeOf({ info }: Resource, namespace: string | undefined): string | undefined {
  if (!info.namespaced) return undefined
  if (!namespace) throw badRequest(`an object of kind ${info.kind} needs a namespace`)
  return namespace
}
