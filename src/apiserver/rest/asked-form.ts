/** The form of answer that a request asks for, and what cannot be had in it. */
import { invalid } from '../resource/field-error.ts'
import { badRequest, notThatForm } from '../resource/refusals.ts'
import type { Resource } from '../resource/resource.ts'
import { formOf } from './accept.ts'
import type { EncodeOptions } from './encode.ts'
import type { Exchange } from './exchange.ts'

const INCLUDED = ['None', 'Metadata', 'Object'] as const

export function encoding(
  { engine, request, query }: Exchange,
  of: 'object' | 'list' | 'watch' = 'object',
): EncodeOptions {
  const form = formOf(request.headers.accept, of === 'watch')
  const asked = query.text('includeObject') ?? 'Metadata'
  const includeObject = INCLUDED.find(each => each === asked)
  if (form.kind === 'table' && !includeObject) throw noSuchTable(asked)
  return { form, includeObject: includeObject ?? 'Metadata', now: engine.clock.now() }
}

const noSuchTable = (asked: string) => {
  const { body } = invalid('includeObject', asked, "must be 'Metadata', 'Object', 'None', or empty")
  return badRequest(`Unable to convert to Table as requested: includeObject: ${body}`)
}

/** Metadata of a list is a list's, of an object an object's; Go's name of the type is told. */
export function checkForm({ form }: EncodeOptions, { info, isCustom }: Resource, isList: boolean): void {
  if (form.kind !== 'metadata' || form.isList === isList) return
  const asked = form.isList ? 'PartialObjectMetadataList' : 'PartialObjectMetadata'
  const own = isCustom ? 'unstructured.Unstructured' : `${packageOf(info.group)}.${info.kind}`
  throw notThatForm(asked, isList ? `a list (*${own}List)` : `not a list (*${own})`)
}

const packageOf = (group: string): string => group.split('.')[0] || 'core'
