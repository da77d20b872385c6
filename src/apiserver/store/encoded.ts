/**
 * An object as the store keeps it: its JSON text, which journal, snapshots, gets, lists and watches pass on as it is. The value is made when
 * somebody in this process asks for it, and shared by all who do for as long as one of them holds it
 * (docs/decisions/0007-objects-are-kept-as-text.md).
 */
import type { UnknownObject } from '../../kube/object.ts'
import { freeze } from './freeze.ts'

/** The newest values are held for a while: a change is mostly asked for by several, one after the other. */
const HELD = 256
const held: UnknownObject[] = []
let oldest = 0

function hold(object: UnknownObject): void {
  held[oldest] = object
  oldest = (oldest + 1) % HELD
}

const encodings = new WeakMap<UnknownObject, Encoded>()

/** The text that a store has for a value that it gave out; undefined for values from elsewhere. */
export const encodedOf = (object: UnknownObject): Encoded | undefined => encodings.get(object)

export class Encoded {
  /** Begins with `kind` and `apiVersion`, in this order, where this version of the store wrote it. */
  readonly text: string
  private value: WeakRef<UnknownObject> | undefined

  /** As text that was `encode`d before. */
  constructor(text: string) {
    this.text = text
  }

  /** `object` is frozen; what JSON would not give back is gone from the value too. */
  static encode({ kind, apiVersion, ...rest }: UnknownObject): Encoded {
    const object = freeze({ kind, apiVersion, ...rest } as UnknownObject)
    const encoded = new Encoded(JSON.stringify(object))
    encoded.remember(object)
    return encoded
  }

  get object(): UnknownObject {
    const known = this.value?.deref()
    if (known !== undefined) return known
    const object = freeze(JSON.parse(this.text) as UnknownObject)
    this.remember(object)
    return object
  }

  /** The same value for a look that leaves nothing behind: not frozen where nobody holds it, so it must not be passed on. */
  peek(): UnknownObject {
    return this.value?.deref() ?? (JSON.parse(this.text) as UnknownObject)
  }

  private remember(object: UnknownObject): void {
    this.value = new WeakRef(object)
    encodings.set(object, this)
    hold(object)
  }
}
