/** What the engine knows of a subresource: which of get, create and update it has, and what its body is. */
import { builtInSchema } from '../../kube/built-in-schema.ts'
import type { UnknownObject } from '../../kube/object.ts'
import type { Shape } from './decode.ts'
import type { Target } from './read.ts'
import type { Resource } from './resource.ts'
import { type Produce, updateObject, type WriteContext, type WriteRequest } from './write.ts'

export interface Subresource {
  /** The kind of body it takes, where that is not the object's own. */
  readonly kind?: readonly [apiVersion: string, kind: string]
  get?(context: WriteContext, target: Target): UnknownObject
  create?(context: WriteContext, target: Target, body: UnknownObject, request: WriteRequest): Promise<UnknownObject>
  update?(context: WriteContext, target: Target, produce: Produce, request: WriteRequest): Promise<UnknownObject>
}

/** A part of the object that is written through its own place alone: `change` lays what is wanted over what is there. */
export const partNamed =
  (
    subresource: string,
    change: (old: UnknownObject, wanted: UnknownObject, target: Target) => UnknownObject,
  ): NonNullable<Subresource['update']> =>
  (context, target, produce, request) =>
    updateObject(context, target, old => change(old, produce(old), target), {
      ...request,
      subresource,
      isServerOwn: true,
    })

export const shapeOf = (resource: Resource, { kind }: Subresource): Shape =>
  kind
    ? { isCustom: false, schema: () => builtInSchema(...kind), apiVersion: kind[0], info: { kind: kind[1] } }
    : resource

/** What those answer that give no object back. */
export const DONE: UnknownObject = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 }
