/**
 * What the engine knows of one served kind: a row of `kube/kinds.ts` or a version of a CustomResourceDefinition, and the few functions
 * in which kinds differ (upstream's registry strategies). The engine itself knows no kind.
 */
import type { Clock } from '../../base/clock.ts'
import type { NodeLookUp } from '../../client/node-api.ts'
import { apiVersionOf, type KindInfo } from '../../kube/kinds.ts'
import type { KubeObject, UnknownObject } from '../../kube/object.ts'
import type { StructuralSchema } from '../../kube/schema.ts'
import type { NameRule } from '../kinds/names.ts'
import type { Store } from '../store/store.ts'
import type { Column } from '../tables/column.ts'
import type { FieldError } from './field-error.ts'

/** What a kind's own `admit` may look at: other objects as they are now, the time. */
export interface AdmitContext {
  readonly store: Store
  readonly clock: Clock
  /** Takes a free Service address, or `wanted` where it is free. */
  readonly allocateServiceIp: (wanted: string | undefined) => string
}

/**
 * In which ways a kind differs from all others. Every function is pure; what it returns takes the argument's place.
 * Read them in the order in which the stages run: admit, default, validate.
 */
export interface Strategy<T extends KubeObject = UnknownObject> {
  readonly nameRule?: NameRule
  /** Whether `spec` changes count in `metadata.generation`. */
  readonly hasGeneration?: boolean
  /** Whether changed annotations count there too, as upstream has it for Deployments. */
  readonly countsAnnotations?: boolean
  /** Fills in what follows from other objects (addresses, selectors) after the stages of admission/. Only on create. */
  admit?(object: T, context: AdmitContext): T
  /** Takes away what a client may not set on create; the status of a kind with a status subresource goes anyway. */
  prepareCreate?(object: T, now: number): T
  /** As `admit`, for an object that is there already: what a changed one needs newly (a Service's node ports). */
  admitUpdate?(object: T, context: AdmitContext): T
  /** Carries over what a client may leave out of an update (a Service's address). */
  prepareUpdate?(object: T, old: T): T
  /** Fills in defaults; on every write. */
  default?(object: T): T
  /** On every write; `old` on updates. What is no error may be told by `warn`. */
  validate?(object: T, old?: T, warn?: (text: string) => void): readonly FieldError[]
  validateUpdate?(object: T, old: T): readonly FieldError[]
  /** Of a write to the status alone. */
  validateStatus?(object: T, old: T): readonly FieldError[]
  /** Only of a new object. */
  validateCreate?(object: T): readonly FieldError[]
  /** Seconds that the object is given to end; 0 removes it at once. */
  gracePeriodSeconds?(object: T, asked: number | undefined): number
  /** Changes the object as it is marked for deletion (a Namespace becomes Terminating). */
  onMarkedForDeletion?(object: T): T
  /** Whether something other than `metadata.finalizers` still holds it. */
  isHeld?(object: T): boolean
}

/** Where a kind with a `scale` subresource keeps its numbers, as paths into the object. */
export interface ScalePaths {
  readonly specReplicas: readonly string[]
  readonly statusReplicas: readonly string[]
  /** A string in serialized form, or a LabelSelector. */
  readonly selector?: readonly string[]
}

/** What a kind that is computed may look at. */
export interface ComputeContext {
  readonly store: Store
  readonly clock: Clock
  readonly nodeApi: NodeLookUp
}

export interface Resource {
  readonly info: KindInfo
  readonly apiVersion: string
  /** The resource of a StoreKey. */
  readonly storedAs: string
  /** The apiVersion in which objects lie in the store. */
  readonly storedVersion: string
  readonly isCustom: boolean
  readonly strategy: Strategy
  readonly columns: () => readonly Column[]
  readonly schema: () => StructuralSchema | undefined
  readonly scale?: ScalePaths
  /** Told of every write before its writer hears of it (definitions begin to be served). */
  readonly onStored?: (object: UnknownObject) => void
  /** Fields that a field selector may name, next to metadata.name and metadata.namespace. */
  readonly selectableFields: Readonly<Record<string, (object: UnknownObject) => string | undefined>>
  /** The objects as they are now, of a kind that lies in no store (metrics). */
  readonly compute?: (context: ComputeContext, namespace: string | undefined) => Promise<readonly UnknownObject[]>
  /** From the stored to the served form and back, where they differ in more than the version. */
  readonly conversion?: {
    readonly fromStored: (object: UnknownObject) => UnknownObject
    readonly toStored: (object: UnknownObject) => UnknownObject
  }
}

export const storedAs = ({ group, plural }: Pick<KindInfo, 'group' | 'plural'>): string =>
  group === '' ? plural : `${group}/${plural}`

export const hasSubresource = ({ info }: Resource, name: string): boolean => info.subresources.includes(name)

/** The object in the version that was asked for. Mostly the stored one itself. */
export function served(resource: Resource, stored: UnknownObject): UnknownObject {
  if (resource.conversion) return resource.conversion.fromStored(stored)
  return stored.apiVersion === resource.apiVersion ? stored : { ...stored, apiVersion: resource.apiVersion }
}

export function toStored(resource: Resource, object: UnknownObject): UnknownObject {
  if (resource.conversion) return resource.conversion.toStored(object)
  return object.apiVersion === resource.storedVersion ? object : { ...object, apiVersion: resource.storedVersion }
}

export const kindKey = (info: Pick<KindInfo, 'group' | 'version' | 'kind'>): string =>
  `${apiVersionOf(info)} ${info.kind}`
