/** A change as the history keeps it: the state before and after as text. Watches read it as an event. */
import type { UnknownObject } from '../../kube/object.ts'
import { Encoded } from './encoded.ts'
import type { StoreEvent, StoreKey } from './store.ts'

/** The object under the revision that wrote it. */
export const stamped = (object: UnknownObject, revision: number): UnknownObject => ({
  ...object,
  metadata: { ...object.metadata, resourceVersion: String(revision) },
})

export class StoredChange implements StoreEvent {
  readonly key: StoreKey
  readonly revision: number
  readonly before: Encoded | undefined
  /** Undefined: it was removed. */
  readonly after: Encoded | undefined
  /** The last state under the removal's revision, once somebody asked for it. */
  private removed: Encoded | undefined

  /** One of the two states is there. */
  constructor(key: StoreKey, revision: number, before: Encoded | undefined, after: Encoded | undefined) {
    this.key = key
    this.revision = revision
    this.before = before
    this.after = after
  }

  get type(): StoreEvent['type'] {
    return this.after ? (this.before ? 'MODIFIED' : 'ADDED') : 'DELETED'
  }

  get encoded(): Encoded {
    if (this.after) return this.after
    this.removed ??= Encoded.encode(stamped(this.before!.object, this.revision))
    return this.removed
  }

  get object(): UnknownObject {
    return this.encoded.object
  }

  get previous(): UnknownObject | undefined {
    return this.before?.object
  }
}
