/** Questions about the asker: may I do this (SelfSubjectAccessReview), who am I (SelfSubjectReview). Answered, never stored. */
import { isRecord } from '../../kube/equal.ts'
import { type Attributes, isAllowed } from '../auth/authorize.ts'
import { badRequest, methodNotAllowed } from '../resource/refusals.ts'
import { mediaTypeOf, parseBody, readBody } from './body.ts'
import type { Exchange } from './resource-handler.ts'
import { sendJson } from './respond.ts'
import type { ResourceRoute } from './route.ts'

type Answer = (exchange: Exchange, spec: Readonly<Record<string, unknown>>) => object

const REVIEWS: Readonly<Record<string, Answer>> = {
  'authorization.k8s.io/v1/selfsubjectaccessreviews': ({ engine, user }, spec) => ({
    allowed: isAllowed(engine.store, user, attributesOf(spec)),
  }),
  'authentication.k8s.io/v1/selfsubjectreviews': ({ user: { name, uid, groups, extra } }) => ({
    userInfo: { username: name, ...(uid && { uid }), groups, ...(extra && { extra }) },
  }),
}

const keyOf = ({ group, version, plural }: ResourceRoute): string => `${group}/${version}/${plural}`

export const isReview = (route: ResourceRoute): boolean => keyOf(route) in REVIEWS

export async function handleReview(exchange: Exchange, route: ResourceRoute): Promise<void> {
  const { request, response } = exchange
  if (request.method !== 'POST') throw methodNotAllowed()
  const body = await parseBody(await readBody(request), mediaTypeOf(request))
  if (!isRecord(body)) throw badRequest('the body of the request must be an object')
  const spec = isRecord(body.spec) ? body.spec : {}
  const status = REVIEWS[keyOf(route)]?.(exchange, spec)
  await sendJson(request, response, { code: 201, body: { ...body, status } })
}

function attributesOf(spec: Readonly<Record<string, unknown>>): Attributes {
  const { nonResourceAttributes: path, resourceAttributes: asked } = spec
  const text = (value: unknown): string => (typeof value === 'string' ? value : '')
  if (isRecord(path)) return { kind: 'path', verb: text(path.verb), path: text(path.path) }
  if (!isRecord(asked))
    throw badRequest('spec: exactly one of nonResourceAttributes or resourceAttributes must be specified')
  const [subresource, namespace, name] = [asked.subresource, asked.namespace, asked.name].map(text)
  return {
    kind: 'resource',
    verb: text(asked.verb),
    group: text(asked.group),
    resource: text(asked.resource),
    ...(subresource && { subresource }),
    ...(namespace && { namespace }),
    ...(name && { name }),
  }
}
