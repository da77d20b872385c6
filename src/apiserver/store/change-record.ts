/**
 * One object as the journal holds it, `[revision, resource, namespace, name, object]` with `null` where it was removed, and as a snapshot
 * does, the same without the revision. Its text goes in and comes out as it is, unparsed: the record's checksum has vouched for it.
 */
import { Encoded } from './encoded.ts'
import { encodeRecord } from './record.ts'
import type { StoreKey } from './store.ts'

export interface ChangeRecord {
  readonly revision: number
  readonly key: StoreKey
  /** The new state; undefined where the object was removed. */
  readonly object: Encoded | undefined
}

export const encodeChange = ({ revision, key, object }: ChangeRecord): Buffer =>
  encodeRecord(`[${revision},${headOf(key)},${object?.text ?? 'null'}]`)

export const encodeEntry = (key: StoreKey, object: Encoded): Buffer => encodeRecord(`[${headOf(key)},${object.text}]`)

const headOf = ({ resource, namespace, name }: StoreKey): string =>
  `${JSON.stringify(resource)},${JSON.stringify(namespace)},${JSON.stringify(name)}`

/** Names in Kubernetes need no escapes. */
const HEAD = /^\[(?:(\d+),)?"([^"\\]*)","([^"\\]*)","([^"\\]*)",/
/** Longer than three names can be. */
const HEAD_BYTES = 2048

export function decodeChange(payload: Buffer): ChangeRecord {
  const [head, revision = '0', resource = '', namespace = '', name = ''] =
    HEAD.exec(payload.toString('latin1', 0, HEAD_BYTES)) ?? []
  if (head === undefined || /[^\x20-\x7e]/.test(head)) return parsed(payload)
  const text = payload.toString('utf8', head.length, payload.length - 1)
  return {
    revision: Number(revision),
    key: { resource, namespace, name },
    object: text === 'null' ? undefined : new Encoded(text),
  }
}

function parsed(payload: Buffer): ChangeRecord {
  const parts = JSON.parse(payload.toString('utf8'))
  const [revision, resource, namespace, name, object] = parts.length === 4 ? [0, ...parts] : parts
  return {
    revision,
    key: { resource, namespace, name },
    object: object === null ? undefined : new Encoded(JSON.stringify(object)),
  }
}
