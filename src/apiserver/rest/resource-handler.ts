/** Requests for resources: from method and path to the engine and back. One function a verb. */

import type { UnknownObject } from '../../kube/object.ts'
import { authorize } from '../auth/authorize.ts'
import { checkTree, type Shape } from '../resource/decode.ts'
import { deleteCollection, deleteObject } from '../resource/delete.ts'
import { invalid, invalidObject } from '../resource/field-error.ts'
import { APPLY_PATCH, PATCH_MEDIA_TYPES, patched } from '../resource/patch.ts'
import { checkDecoded } from '../resource/pipeline.ts'
import { computeList, computeObject, readList, readObject, type Target } from '../resource/read.ts'
import { badRequest, methodNotAllowed, noSuchResource, unsupportedPatch } from '../resource/refusals.ts'
import { hasSubresource, type Resource } from '../resource/resource.ts'
import { DONE, shapeOf } from '../resource/subresource.ts'
import { watchObjects } from '../resource/watch.ts'
import { applyObject, createObject, type Produce, updateObject, type WriteRequest } from '../resource/write.ts'
import { STREAMS, servePodStream } from '../streams/pod-streams.ts'
import { isWebSocket } from '../streams/upgrade.ts'
import { checkForm, encoding } from './asked-form.ts'
import { mediaTypeOf, parseBody, parsePatch, readBody } from './body.ts'
import { listPieces, objectText, storedText } from './encode.ts'
import type { Exchange, ResourceExchange } from './exchange.ts'
import { sendLog } from './log-response.ts'
import { listQuery, type Query, selectedName, watchQuery } from './query.ts'
import { sendJson, sendPieces, sendText } from './respond.ts'
import type { ResourceRoute } from './route.ts'
import { sendWatch } from './watch-response.ts'
import { sendWatchMessages } from './watch-socket.ts'
import { deleteOptions } from './write-options.ts'
import { optionalBody, parsedBody, writing } from './writing.ts'

type Handler = (exchange: ResourceExchange) => Promise<void>

export async function handleResource(exchange: Exchange, route: ResourceRoute): Promise<void> {
  const { engine, request, query, user } = exchange
  const resource = engine.catalog.byPath(route.group, route.version, route.plural)
  if (!resource) throw noSuchResource()
  const verb = verbOf(request.method ?? 'GET', route, query)
  const asked = route.name ?? (ACROSS_NAMESPACES.has(verb) ? selectedName(query) : undefined)
  const attributes = {
    kind: 'resource' as const,
    verb,
    group: route.group,
    resource: route.plural,
    ...(route.subresource !== undefined && { subresource: route.subresource }),
    ...namespaceOf(route, resource),
    ...(asked !== undefined && { name: asked }),
  }
  authorize(engine.store, user, attributes)
  const stream = route.group === '' && route.plural === 'pods' ? (route.subresource ?? '') : ''
  // A WebSocket begins with a GET; whoever may only read may not run commands all the same.
  if (STREAMS.has(stream) && verb !== 'create') authorize(engine.store, user, { ...attributes, verb: 'create' })
  if (!STREAMS.has(stream) && route.subresource !== undefined && !hasSubresource(resource, route.subresource))
    throw noSuchResource()
  if (!resource.info.namespaced && route.namespace !== undefined) throw noSuchResource()
  const target = { resource, name: route.name ?? '', ...namespaceOf(route, resource) }
  if (resource.info.namespaced && route.namespace === undefined && !ACROSS_NAMESPACES.has(verb))
    throw route.name === undefined ? methodNotAllowed() : noSuchResource()
  if (STREAMS.has(stream)) return servePodStream(stream, { ...exchange, parameters: query.parameters, target })
  if (route.subresource === 'log') return sendLog({ ...exchange, target })
  const subresource = route.subresource === undefined ? undefined : engine.subresources[route.subresource]
  if (route.subresource !== undefined && !subresource) throw noSuchResource()
  if (!subresource && !isBinding(resource, verb) && !isOffered(resource, verb)) throw methodNotAllowed()
  const inner = {
    ...exchange,
    target,
    ...(subresource && { subresource, subresourceName: route.subresource }),
  } as ResourceExchange
  await (subresource ? SUBRESOURCE_VERBS : VERBS)[verb]?.(inner)
}

/** What is only ever created is answered elsewhere (reviews). */
const isOffered = ({ info: { verbs } }: Resource, verb: string): boolean =>
  verbs === undefined || (verbs.includes(verb) && verbs.includes('get'))

/** Of a pod that its body names: the way before a pod had a place for it. */
const isBinding = ({ info }: Resource, verb: string): boolean => info.kind === 'Binding' && verb === 'create'

const ACROSS_NAMESPACES = new Set(['list', 'watch'])

const namespaceOf = ({ namespace }: ResourceRoute, { info }: Resource) =>
  info.namespaced && namespace !== undefined ? { namespace } : {}

/** RBAC's verb, which also says which function answers. */
function verbOf(method: string, { name }: ResourceRoute, query: Query): string {
  const onCollection = name === undefined
  const isWatch = query.flag('watch') === true
  const verb = {
    GET: onCollection ? (isWatch ? 'watch' : 'list') : 'get',
    HEAD: onCollection ? 'list' : 'get',
    POST: 'create',
    PUT: onCollection ? undefined : 'update',
    PATCH: onCollection ? undefined : 'patch',
    DELETE: onCollection ? 'deletecollection' : 'delete',
  }[method]
  if (verb === undefined) throw methodNotAllowed()
  return verb
}

const get: Handler = async exchange => {
  const { engine, target, query, subresource } = exchange
  if (subresource) {
    if (!subresource.get) throw methodNotAllowed()
    return answer(exchange, 200, subresource.get(engine, target))
  }
  const stored = target.resource.compute
    ? await computeObject(engine, target)
    : readObject(engine.store, target, query.text('resourceVersion'))
  const options = encoding(exchange)
  checkForm(options, target.resource, false)
  const body = storedText(target.resource, stored, options)
  return sendText(exchange.request, exchange.response, { code: 200, body })
}

const list: Handler = async exchange => {
  const { engine, target, query, request, response } = exchange
  const { resource, namespace } = target
  const found = resource.compute
    ? await computeList(engine, resource, namespace, listQuery(query))
    : readList(engine.store, resource, namespace, listQuery(query))
  const options = encoding(exchange, 'list')
  checkForm(options, target.resource, true)
  await sendPieces(request, response, listPieces(target.resource, found, options))
}

const watch: Handler = async exchange => {
  const { engine, target, query, request, response, upgrade, gone } = exchange
  const begin = () => watchObjects(engine, target.resource, target.namespace, watchQuery(query, gone))
  const options = { ...encoding(exchange, 'watch'), clock: () => engine.clock.now() }
  if (upgrade && isWebSocket(request))
    return sendWatchMessages({ request, upgrade }, target.resource, begin, options, gone)
  await sendWatch(response, target.resource, begin(), options, gone)
}

const create: Handler = async exchange => {
  const { engine, target, subresource } = exchange
  // Only subresources are posted under a name.
  if (target.name && !subresource) throw methodNotAllowed()
  if (subresource && !subresource.create) throw methodNotAllowed()
  const { write, warnings, decode } = writing(exchange, 'CreateOptions')
  const body = decode(await parsedBody(exchange))
  if (subresource?.create) {
    return answer(exchange, 201, await subresource.create(engine, target, body, write), warnings)
  }
  if (isBinding(target.resource, 'create')) {
    const pod = { ...target, resource: engine.catalog.byKind('v1', 'Pod'), name: body.metadata.name ?? '' }
    await engine.subresources.binding?.create?.(engine, pod, body, write)
    return sendJson(exchange.request, exchange.response, { code: 201, body: DONE })
  }
  await answer(exchange, 201, await createObject(engine, target, body, write), warnings)
}

const update: Handler = async exchange => {
  const { target, subresource } = exchange
  if (subresource && !subresource.update) throw methodNotAllowed()
  const { write, warnings, decode } = writing(exchange, 'UpdateOptions')
  const body = decode(await parsedBody(exchange))
  checkNamed(target, body)
  if (!subresource?.kind) checkDecoded(target, body)
  if (target.resource.isCustom && !subresource && !body.metadata.resourceVersion) {
    const error = invalid('metadata.resourceVersion', 0, 'must be specified for an update')
    throw invalidObject({ ...target.resource.info, kind: target.resource.info.plural }, target.name, [error])
  }
  await answer(exchange, 200, await writeState(exchange, () => body, write), warnings)
}

const uidChanged = ({ resource, name }: Target, { metadata }: UnknownObject) =>
  invalidObject(resource.info, name, [invalid('metadata.uid', metadata.uid, 'field is immutable')])

/** Whoever replaces an object says which; Scale and its like have their parent's name. */
function checkNamed({ name }: Target, { metadata }: UnknownObject): void {
  if (!metadata.name)
    throw badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`)
  if (metadata.name !== name)
    throw badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${name})`)
}

/** What takes PUT alone. */
const UNPATCHED = new Set(['finalize'])

const patch: Handler = async exchange => {
  const { target, request, subresource, subresourceName } = exchange
  if (subresourceName && UNPATCHED.has(subresourceName)) throw methodNotAllowed()
  const mediaType = mediaTypeOf(request)
  const type = PATCH_MEDIA_TYPES[mediaType]
  if (mediaType === APPLY_PATCH) return apply(exchange)
  const shape: Shape = subresource ? shapeOf(target.resource, subresource) : target.resource
  if (!type) throw unsupportedPatch()
  const { write, warnings, decode } = writing(exchange, 'PatchOptions', 'patch')
  const body = parsePatch(await readBody(request), type)
  checkTree(body)
  const seen = new Set<string>()
  const produce: Produce = old => {
    const next = decode(patched(shape, type, old, body))
    if (!next.metadata.name) checkNamed(target, next)
    if (next.metadata.uid && next.metadata.uid !== old.metadata.uid) throw uidChanged(target, next)
    return next
  }
  const changed = await writeState(exchange, produce, write)
  await answer(
    exchange,
    200,
    changed,
    warnings.filter(text => !seen.has(text) && seen.add(text)),
  )
}

const apply: Handler = async exchange => {
  const { engine, target, query, request } = exchange
  const { write, warnings, decode } = writing(exchange, 'PatchOptions', 'apply')
  const body = decode((await parseBody(await readBody(request), APPLY_PATCH)) ?? {})
  checkNamed(target, body)
  const force = query.flag('force') ?? false
  const applied = await applyObject(engine, target, body, { ...write, force })
  await answer(exchange, applied.isNew ? 201 : 200, applied.object, warnings)
}

function writeState(exchange: ResourceExchange, produce: Produce, write: WriteRequest): Promise<UnknownObject> {
  const { engine, target, subresource } = exchange
  if (!subresource) return updateObject(engine, target, produce, write)
  if (!subresource.update) throw methodNotAllowed()
  return subresource.update(engine, target, produce, write)
}

const remove: Handler = async exchange => {
  const { engine, target, query } = exchange
  const options = deleteOptions(await optionalBody(exchange), query)
  const { object, isGone } = await deleteObject(engine, target, options, exchange.user)
  const { group, plural, kind } = target.resource.info
  // Pods and Services answer with themselves, as upstream's ReturnDeletedObject has it.
  if (!isGone || RETURNED_WHEN_DELETED.has(kind)) return answer(exchange, 200, object)
  const details = { name: target.name, ...(group && { group }), kind: plural, uid: object.metadata.uid }
  await sendJson(exchange.request, exchange.response, { code: 200, body: { ...SUCCESS, details } })
}

const RETURNED_WHEN_DELETED = new Set(
  `Pod Service ServiceAccount ResourceQuota PodTemplate PersistentVolume PersistentVolumeClaim StorageClass CSIDriver CSINode
VolumeAttachment VolumeAttributesClass ResourceClaim ResourceClaimTemplate DeviceClass ResourceSlice`.split(/\s+/),
)
const SUCCESS = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' }

const removeCollection: Handler = async exchange => {
  const { engine, target, query, request, response } = exchange
  const options = deleteOptions(await optionalBody(exchange), query)
  const { resource } = target
  const items = await deleteCollection(engine, resource, target.namespace, listQuery(query), options, exchange.user)
  const body = {
    kind: `${resource.info.kind}List`,
    apiVersion: resource.apiVersion,
    metadata: { ...(resource.isCustom && { continue: '' }), resourceVersion: String(engine.store.revision) },
    // Items of built-in kinds are of the list's kind, and do not say so each.
    items: resource.isCustom ? items : items.map(({ kind: _, apiVersion: __, ...item }) => item),
  }
  await sendJson(request, response, { code: 200, body })
}

const VERBS: Readonly<Record<string, Handler>> = {
  get,
  list,
  watch,
  create,
  update,
  patch,
  delete: remove,
  deletecollection: removeCollection,
}

const refuse: Handler = () => Promise.reject(methodNotAllowed())
const SUBRESOURCE_VERBS: Readonly<Record<string, Handler>> = {
  get,
  create,
  update,
  patch,
  watch: refuse,
  delete: refuse,
}

async function answer(
  exchange: ResourceExchange,
  code: number,
  object: UnknownObject,
  warnings: readonly string[] = [],
): Promise<void> {
  const { request, response, target } = exchange
  await sendText(request, response, { code, body: objectText(target.resource, object, encoding(exchange)), warnings })
}
