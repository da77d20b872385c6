/**
 * JSON Patch (RFC 6902) over plain values: the document is never changed, what an operation does not touch is shared with the result. Errors
 * are the API server's answers: 400 for what is no list, 413 for too many operations, 422 for operations that make no sense or do not apply
 * (apiserver's endpoints/handlers/patch.go).
 */

import { isRecord, isSame, ownValue, without } from '../equal.ts'
import { type ApiError, apiError } from '../status.ts'

export type JsonPatchOperation =
  | { readonly op: 'add' | 'replace' | 'test'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string }
  | { readonly op: 'move' | 'copy'; readonly from: string; readonly path: string }

/** Upstream says no more of an operation that makes no sense, does not apply, or tests for another value. */
const rejected = (): ApiError =>
  apiError('Invalid', 'the server rejected our request due to an error in our request', {})

const MOST_OPERATIONS = 10_000

/** `patch` is what the client sent. Throws ApiError. */
export function applyJsonPatch(document: unknown, patch: unknown): unknown {
  const operations = parseJsonPatch(patch)
  return operations.reduce(applyOperation, document)
}

function parseJsonPatch(patch: unknown): readonly JsonPatchOperation[] {
  if (!Array.isArray(patch)) throw apiError('BadRequest', 'a JSON patch is a list of operations')
  if (patch.length > MOST_OPERATIONS) {
    throw apiError(
      'RequestEntityTooLarge',
      `The allowed maximum operations in a JSON patch is ${MOST_OPERATIONS}, got ${patch.length}`,
    )
  }
  return patch.map(parseOperation)
}

const NEEDS: Readonly<Record<string, readonly string[]>> = {
  add: ['path', 'value'],
  replace: ['path', 'value'],
  test: ['path', 'value'],
  remove: ['path'],
  move: ['from', 'path'],
  copy: ['from', 'path'],
}

function parseOperation(operation: unknown): JsonPatchOperation {
  if (!isRecord(operation)) throw rejected()
  const needs = ownValue(NEEDS, String(operation.op)) as readonly string[] | undefined
  if (needs === undefined) throw rejected()
  for (const field of needs) {
    if (!Object.hasOwn(operation, field)) throw rejected()
    if (field !== 'value' && !isPointer(operation[field])) throw rejected()
  }
  return operation as unknown as JsonPatchOperation
}

const isPointer = (value: unknown): boolean => typeof value === 'string' && (value === '' || value.startsWith('/'))

/** RFC 6901. */
const tokensOf = (pointer: string): readonly string[] =>
  pointer
    .split('/')
    .slice(1)
    .map(token => token.replaceAll('~1', '/').replaceAll('~0', '~'))

function applyOperation(document: unknown, operation: JsonPatchOperation): unknown {
  const path = tokensOf(operation.path)
  switch (operation.op) {
    case 'add':
      return edit(document, path, addTo(operation.value))
    case 'replace':
      return edit(document, path, replaceBy(operation.value))
    case 'remove':
      return edit(document, path, remove)
    case 'copy':
      return edit(document, path, addTo(valueAt(document, tokensOf(operation.from))))
    case 'move': {
      if (operation.path === operation.from) return document
      if (operation.path.startsWith(`${operation.from}/`)) throw rejected()
      const from = tokensOf(operation.from)
      const value = valueAt(document, from)
      return edit(edit(document, from, remove), path, addTo(value))
    }
    case 'test':
      if (isSame(valueOr(document, path) ?? null, operation.value)) return document
      throw rejected()
  }
}

/** What becomes of `container` at its last token; `undefined` where it does not apply. A bare document has no container. */
interface Edit {
  readonly record: (record: Readonly<Record<string, unknown>>, key: string) => unknown
  readonly list: (list: readonly unknown[], index: number) => readonly unknown[] | undefined
  readonly root: () => unknown
}

const addTo = (value: unknown): Edit => ({
  record: (record, key) => ({ ...record, [key]: value }),
  list: (list, index) => (index <= list.length ? list.toSpliced(index, 0, value) : undefined),
  root: () => value,
})

const replaceBy = (value: unknown): Edit => ({
  // As upstream's library: replacing what is not there adds it.
  record: (record, key) => ({ ...record, [key]: value }),
  list: (list, index) => (index < list.length ? list.with(index, value) : undefined),
  root: () => value,
})

const remove: Edit = {
  record: (record, key) => (Object.hasOwn(record, key) ? without(record, key) : undefined),
  list: (list, index) => (index < list.length ? list.toSpliced(index, 1) : undefined),
  root: () => null,
}

function edit(value: unknown, path: readonly string[], change: Edit): unknown {
  const [token, ...rest] = path
  if (token === undefined) return change.root()
  if (rest.length > 0) {
    const child = edit(valueAt(value, [token]), rest, change)
    return Array.isArray(value) ? value.with(Number(token), child) : { ...(value as object), [token]: child }
  }
  const changed = Array.isArray(value)
    ? change.list(value, indexOf(token, value.length))
    : isRecord(value)
      ? change.record(value, token)
      : undefined
  if (changed === undefined) throw rejected()
  return changed
}

/** `-` is the place behind the last item. */
function indexOf(token: string, length: number): number {
  if (token === '-') return length
  if (!/^(0|[1-9]\d*)$/.test(token)) throw rejected()
  return Number(token)
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  const found = valueOr(value, path)
  if (found === undefined) throw rejected()
  return found
}

/** `undefined` where nothing is. */
function valueOr(value: unknown, path: readonly string[]): unknown {
  let found = value
  for (const token of path) {
    if (Array.isArray(found)) found = found[indexOf(token, found.length)]
    else if (isRecord(found)) found = ownValue(found, token)
    else return undefined
  }
  return found
}
