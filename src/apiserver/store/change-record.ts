/** A change as the journal holds it: what became of one object at one revision. */
import type { UnknownObject } from '../../kube/object.ts'
import { encodeRecord } from './record.ts'
import type { StoreKey } from './store.ts'

export interface ChangeRecord {
  readonly revision: number
  readonly key: StoreKey
  /** The new state; undefined where the object was removed. */
  readonly object: UnknownObject | undefined
}

export const encodeChange = ({ revision, key, object }: ChangeRecord): Buffer =>
  encodeRecord([revision, key.resource, key.namespace, key.name, object ?? null])

export function decodeChange(value: unknown): ChangeRecord {
  const [revision, resource, namespace, name, object] = value as [number, string, string, string, UnknownObject | null]
  return { revision, key: { resource, namespace, name }, object: object ?? undefined }
}
