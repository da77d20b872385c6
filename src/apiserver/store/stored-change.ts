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
  /** `last`, once somebody asked for it. */
  private ended: Encoded | undefined

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
    return this.after ?? this.last!
  }

  get last(): Encoded | undefined {
    if (this.before) this.ended ??= Encoded.encode(stamped(this.before.object, this.revision))
    return this.ended
  }

  get object(): UnknownObject {
    return this.encoded.object
  }

  get previous(): UnknownObject | undefined {
    return this.before?.object
  }
}
