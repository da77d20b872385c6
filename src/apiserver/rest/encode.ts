/**
 * encode: an object or a list in the form that the client asked for, as text. What is stored goes out as it is stored, head changed where a
 * list or another version asks for it; Tables and metadata alone are made from the values.
 */
import type { KubeObject, UnknownObject } from '../../kube/object.ts'
import type { StoredList } from '../resource/read.ts'
import { type Resource, served } from '../resource/resource.ts'
import { type Encoded, encodedOf } from '../store/encoded.ts'
import { type IncludeObject, partialObject, tableOf } from '../tables/table.ts'
import type { Form } from './accept.ts'

export interface EncodeOptions {
  readonly form: Form
  readonly includeObject: IncludeObject
  readonly now: number
}

/** Answers that are no objects of a kind (Status, Scale, tokens) have no other form. */
export const isPlain = ({ kind }: { readonly kind: string }, { info }: Resource): boolean => kind !== info.kind

export function encodeObject(resource: Resource, object: UnknownObject, options: EncodeOptions): unknown {
  const { form, includeObject, now } = options
  if (isWhole(form) || isPlain(object, resource)) return object
  if (form.kind === 'metadata') return partialObject(object, form.version)
  const { resourceVersion } = object.metadata
  return tableOf(resource.columns(), [object], { resourceVersion }, { version: form.version, includeObject, now })
}

type WholeForm = Extract<Form, { readonly kind: 'object' | 'discovery' }>
const isWhole = (form: Form): form is WholeForm => form.kind === 'object' || form.kind === 'discovery'

/** The object as text; one that a store gave out is text already. */
export function objectText(resource: Resource, object: UnknownObject, options: EncodeOptions): string {
  const stored = isWhole(options.form) ? encodedOf(object) : undefined
  return stored?.text ?? JSON.stringify(encodeObject(resource, object, options))
}

/** A stored object as text. */
export const storedText = (resource: Resource, stored: Encoded, options: EncodeOptions): string =>
  isWhole(options.form) ? servedText(resource)(stored) : JSON.stringify(encodeStored(resource, stored, options))

const encodeStored = (resource: Resource, stored: Encoded, options: EncodeOptions): unknown =>
  encodeObject(resource, served(resource, stored.peek()), options)

const headOf = ({ info }: Resource, apiVersion: string): string =>
  `{"kind":${JSON.stringify(info.kind)},"apiVersion":${JSON.stringify(apiVersion)},`

/** From the stored to the served text: mostly the same, at most another head. */
export function servedText(resource: Resource): (stored: Encoded) => string {
  const { apiVersion, storedVersion, conversion } = resource
  const [head, storedHead] = [headOf(resource, apiVersion), headOf(resource, storedVersion)]
  return stored => {
    const { text } = stored
    if (!conversion && text.startsWith(head)) return text
    if (!conversion && text.startsWith(storedHead)) return head + text.slice(storedHead.length)
    return JSON.stringify(served(resource, stored.peek()))
  }
}

/** Items of built-in kinds come without what the list says once, as upstream encodes typed lists. */
function itemText(resource: Resource): (stored: Encoded) => string {
  const whole = servedText(resource)
  if (resource.isCustom) return whole
  const head = headOf(resource, resource.apiVersion)
  return stored => {
    const text = whole(stored)
    if (text.startsWith(head)) return `{${text.slice(head.length)}`
    const { kind: _, apiVersion: __, ...rest } = JSON.parse(text)
    return JSON.stringify(rest)
  }
}

/** A piece is sent before the next one is made: a large list is never whole in memory. */
const PIECE_LENGTH = 128 * 1024

export function* listPieces(resource: Resource, list: StoredList, options: EncodeOptions): Generator<string> {
  if (!isWhole(options.form)) {
    yield JSON.stringify(transformedList(resource, list, options))
    return
  }
  const { apiVersion, info } = resource
  // Go's untyped lists say also that nothing follows.
  const metadata = resource.isCustom ? { continue: '', ...list.metadata } : list.metadata
  const opening = JSON.stringify({ kind: `${info.kind}List`, apiVersion, metadata, items: [] })
  const item = itemText(resource)
  let parts = [opening.slice(0, -2)]
  let length = 0
  for (const [index, entry] of list.entries.entries()) {
    const text = item(entry)
    parts.push(index === 0 ? '' : ',', text)
    length += text.length
    if (length < PIECE_LENGTH) continue
    yield parts.join('')
    parts = []
    length = 0
  }
  yield `${parts.join('')}]}`
}

function transformedList(
  resource: Resource,
  { metadata, entries }: StoredList,
  { form, includeObject, now }: EncodeOptions,
): unknown {
  const objects: readonly KubeObject[] = entries.map(entry => served(resource, entry.peek()))
  const version = form.kind === 'object' ? 'v1' : form.version
  if (form.kind === 'table') return tableOf(resource.columns(), objects, metadata, { version, includeObject, now })
  const items = objects.map(object => partialObject(object, version))
  return { kind: 'PartialObjectMetadataList', apiVersion: `meta.k8s.io/${version}`, metadata, items }
}
