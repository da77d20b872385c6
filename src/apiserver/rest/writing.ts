/** What a writing request says: its options, and its body as an object of the kind that is written. */
import type { UnknownObject } from '../../kube/object.ts'
import { type BodyOf, decodeObject, type Shape } from '../resource/decode.ts'
import { shapeOf } from '../resource/subresource.ts'
import type { WriteRequest } from '../resource/write-request.ts'
import { mediaTypeOf, parseBody, readBody } from './body.ts'
import type { Exchange, ResourceExchange } from './exchange.ts'
import { type OptionsKind, writeOptions } from './write-options.ts'

export function writing(
  { request, query, target, subresource, subresourceName, user }: ResourceExchange,
  kind: OptionsKind,
  from: BodyOf = 'write',
) {
  const agent = request.headers['user-agent']
  const { dryRun, fieldManager, fieldValidation } = writeOptions(query, agent, kind, from === 'apply')
  const warnings: string[] = []
  const shape: Shape = subresource ? shapeOf(target.resource, subresource) : target.resource
  const write: WriteRequest = {
    manager: fieldManager,
    user,
    warn: text => warnings.push(text),
    ...(dryRun && { dryRun }),
    ...(subresourceName !== undefined && { subresource: subresourceName }),
  }
  const decode = (body: unknown): UnknownObject =>
    decodeObject(shape, body, { fieldValidation, from, warn: text => warnings.push(text) })
  return { write, warnings, decode }
}

export async function parsedBody({ request, target, subresource }: ResourceExchange): Promise<unknown> {
  const kind = subresource?.kind?.[1] ?? target.resource.info.kind
  const body = await parseBody(await readBody(request), mediaTypeOf(request), kind)
  return body ?? {}
}

export async function optionalBody({ request }: Exchange): Promise<unknown> {
  const body = await readBody(request)
  return body.length === 0 ? undefined : parseBody(body, mediaTypeOf(request))
}
