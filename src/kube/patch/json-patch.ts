/**
 * JSON Patch (RFC 6902) over plain values: the document is never changed, what an operation does not touch is shared with the result. Errors
 * are the API server's answers: 400 for what is no patch, 413 for too many operations, 422 for operations that do not apply (apiserver's
 * endpoints/handlers/patch.go).
 */

import { isRecord, isSame, ownValue, without } from '../equal.ts'
import { type ApiError, apiError } from '../status.ts'

export type JsonPatchOperation =
  | { readonly op: 'add' | 'replace' | 'test'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string }
  | { readonly op: 'move' | 'copy'; readonly from: string; readonly path: string }

/** The cause of the answer to a `test` that failed, so that a caller can tell it from a path that is not there. */
export const TEST_FAILED = 'JSONPatchTestFailed'
const MOST_OPERATIONS = 10_000

/** `patch` is what the client sent. Throws ApiError. */
export function applyJsonPatch(document: unknown, patch: unknown): unknown {
  const operations = parseJsonPatch(patch)
  return operations.reduce(applyOperation, document)
}

export function parseJsonPatch(patch: unknown): readonly JsonPatchOperation[] {
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

function parseOperation(operation: unknown, index: number): JsonPatchOperation {
  const bad = (why: string): ApiError => apiError('BadRequest', `operation ${index} of the JSON patch ${why}`)
  if (!isRecord(operation)) throw bad('is no object')
  const needs = ownValue(NEEDS, String(operation.op)) as readonly string[] | undefined
  if (needs === undefined) throw bad(`has the unknown op ${JSON.stringify(operation.op)}`)
  for (const field of needs) {
    if (!Object.hasOwn(operation, field)) throw bad(`(${operation.op}) has no ${field}`)
    if (field !== 'value' && !isPointer(operation[field])) throw bad(`has a ${field} that is no JSON pointer`)
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
      return edit(document, path, operation, addTo(operation.value))
    case 'replace':
      return edit(document, path, operation, replaceBy(operation.value))
    case 'remove':
      return edit(document, path, operation, remove)
    case 'copy':
      return edit(document, path, operation, addTo(valueAt(document, tokensOf(operation.from), operation)))
    case 'move': {
      if (operation.path === operation.from) return document
      if (operation.path.startsWith(`${operation.from}/`)) throw doesNotApply(operation, 'moves a value into itself')
      const from = tokensOf(operation.from)
      const value = valueAt(document, from, operation)
      return edit(edit(document, from, operation, remove), path, operation, addTo(value))
    }
    case 'test':
      if (isSame(valueOr(document, path, operation), operation.value)) return document
      throw doesNotApply(operation, 'finds another value', TEST_FAILED)
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
  record: (record, key) => (Object.hasOwn(record, key) ? { ...record, [key]: value } : undefined),
  list: (list, index) => (index < list.length ? list.with(index, value) : undefined),
  root: () => value,
})

const remove: Edit = {
  record: (record, key) => (Object.hasOwn(record, key) ? without(record, key) : undefined),
  list: (list, index) => (index < list.length ? list.toSpliced(index, 1) : undefined),
  root: () => null,
}

function edit(value: unknown, path: readonly string[], operation: JsonPatchOperation, change: Edit): unknown {
  const [token, ...rest] = path
  if (token === undefined) return change.root()
  if (rest.length > 0) {
    const child = edit(valueAt(value, [token], operation), rest, operation, change)
    return Array.isArray(value) ? value.with(Number(token), child) : { ...(value as object), [token]: child }
  }
  const changed = Array.isArray(value)
    ? change.list(value, indexOf(token, value.length, operation))
    : isRecord(value)
      ? change.record(value, token)
      : undefined
  if (changed === undefined) throw doesNotApply(operation, 'finds nothing there')
  return changed
}

/** `-` is the place behind the last item. */
function indexOf(token: string, length: number, operation: JsonPatchOperation): number {
  if (token === '-') return length
  if (!/^(0|[1-9]\d*)$/.test(token)) throw doesNotApply(operation, `finds a list, and "${token}" is no index`)
  return Number(token)
}

function valueAt(value: unknown, path: readonly string[], operation: JsonPatchOperation): unknown {
  const found = valueOr(value, path, operation)
  if (found === undefined) throw doesNotApply(operation, 'finds nothing there')
  return found
}

/** `undefined` where nothing is. */
function valueOr(value: unknown, path: readonly string[], operation: JsonPatchOperation): unknown {
  let found = value
  for (const token of path) {
    if (Array.isArray(found)) found = found[indexOf(token, found.length, operation)]
    else if (isRecord(found)) found = ownValue(found, token)
    else return undefined
  }
  return found
}

function doesNotApply(operation: JsonPatchOperation, why: string, reason = 'FieldValueInvalid'): ApiError {
  const place = 'from' in operation ? `${operation.from} -> ${operation.path}` : operation.path
  const message = `the JSON patch does not apply: ${operation.op} ${place} ${why}`
  return apiError('Invalid', message, { causes: [{ reason, message, field: operation.path }] })
}
