/** `KubeApi` over HTTP: any API server, ours or upstream's. The verbs as methods, paths and content types as Kubernetes has them. */
import type { KindInfo } from '../kube/kinds.ts'
import type { KubeList, KubeObject, WatchEvent } from '../kube/object.ts'
import { ApiError, type Status } from '../kube/status.ts'
import type { Connection } from './connection.ts'
import { createDiscovery, type Discovery } from './discovery.ts'
import type { Collection, KubeApi, ListOptions, PatchType, WatchOptions, WriteOptions } from './kube-api.ts'
import { linesOf } from './lines.ts'
import { collectionPath, objectPath } from './paths.ts'
import { createTransport, type Query, type Transport, type TransportOptions } from './transport.ts'

export interface HttpApi extends KubeApi {
  /** For what is no request and answer: streams/. */
  readonly connection: Connection
  readonly transport: Transport
  readonly discovery: Discovery
  close(): void
}

const PATCH_CONTENT: Readonly<Record<PatchType, string>> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
}

/** Upstream takes YAML here, of which JSON is a part. */
const APPLY_CONTENT = 'application/apply-patch+yaml'

export function createHttpApi(connection: Connection, options?: TransportOptions): HttpApi {
  const transport = createTransport(connection, options)
  const discovery = createDiscovery(transport)
  const kindOf = (object: { readonly apiVersion: string; readonly kind: string }): Promise<KindInfo> =>
    discovery.kind(object.apiVersion, object.kind)
  const pathOf = async (object: KubeObject, subresource?: string): Promise<string> =>
    objectPath(await kindOf(object), object.metadata.namespace, object.metadata.name ?? '', subresource)

  return {
    connection,
    transport,
    discovery,
    close: () => transport.close(),

    async get<T extends KubeObject>(ref: Parameters<KubeApi['get']>[0]) {
      return transport.json<T>({ path: objectPath(await kindOf(ref), ref.namespace, ref.name) })
    },

    async list<T extends KubeObject>(collection: Collection, list: ListOptions = {}) {
      const path = collectionPath(await kindOf(collection), collection.namespace)
      const answer = await transport.json<KubeList<T>>({ path, query: { ...list } })
      const head = { apiVersion: collection.apiVersion, kind: collection.kind }
      // Servers leave both out of a list's items; whoever holds one alone needs them.
      return { ...answer, items: (answer.items ?? []).map(item => ({ ...head, ...item })) }
    },

    async *watch<T extends KubeObject>(collection: Collection, watch: WatchOptions = {}) {
      const path = collectionPath(await kindOf(collection), collection.namespace)
      const { signal } = watch
      for await (const line of linesOf(transport.bytes({ path, query: watchQuery(watch), signal }))) {
        if (line === '') continue
        const event = JSON.parse(line) as WatchEvent<T> | { readonly type: 'ERROR'; readonly object: Status }
        if (event.type === 'ERROR') throw new ApiError(event.object)
        yield event
      }
    },

    async create<T extends KubeObject>(object: KubeObject, write: WriteOptions = {}) {
      const path = write.subresource
        ? await pathOf({ ...object, ...PARENT[write.subresource] }, write.subresource)
        : collectionPath(await kindOf(object), object.metadata.namespace ?? 'default')
      return transport.json<T>({ method: 'POST', path, query: writeQuery(write), body: object })
    },

    async update<T extends KubeObject>(object: KubeObject, write: WriteOptions = {}) {
      const path = await pathOf(object, write.subresource)
      return transport.json<T>({ method: 'PUT', path, query: writeQuery(write), body: object })
    },

    async patch<T extends KubeObject>(
      ref: Parameters<KubeApi['patch']>[0],
      type: PatchType,
      body: unknown,
      write: WriteOptions = {},
    ) {
      const path = objectPath(await kindOf(ref), ref.namespace, ref.name, write.subresource)
      return transport.json<T>({
        method: 'PATCH',
        path,
        query: writeQuery(write),
        body,
        contentType: PATCH_CONTENT[type],
      })
    },

    async apply<T extends KubeObject>(object: KubeObject, apply: Parameters<KubeApi['apply']>[1]) {
      const query = { ...writeQuery(apply), force: apply.force }
      const path = await pathOf(object, apply.subresource)
      return transport.json<T>({ method: 'PATCH', path, query, body: object, contentType: APPLY_CONTENT })
    },

    async delete(ref, { dryRun, ...body } = {}) {
      const path = objectPath(await kindOf(ref), ref.namespace, ref.name)
      const options = { kind: 'DeleteOptions', apiVersion: 'v1', ...body }
      await transport.json({ method: 'DELETE', path, query: { dryRun: dryRun ? 'All' : undefined }, body: options })
    },

    async *logs({ namespace, name }, { signal, ...query } = {}) {
      const path = objectPath(await kindOf({ apiVersion: 'v1', kind: 'Pod' }), namespace, name, 'log')
      yield* transport.bytes({ path, query: { ...query }, accept: '*/*', signal })
    },
  }
}

/** The kind under which a subresource's body is posted, where the body is of a kind of its own. */
const PARENT: Readonly<Record<string, { readonly apiVersion: string; readonly kind: string }>> = {
  binding: { apiVersion: 'v1', kind: 'Pod' },
  eviction: { apiVersion: 'v1', kind: 'Pod' },
  token: { apiVersion: 'v1', kind: 'ServiceAccount' },
}

const writeQuery = ({ fieldManager, dryRun }: WriteOptions): Query => ({
  fieldManager,
  dryRun: dryRun ? 'All' : undefined,
})

function watchQuery({ signal: _, allowBookmarks, sendInitialEvents, ...rest }: WatchOptions): Query {
  return {
    ...rest,
    watch: true,
    allowWatchBookmarks: allowBookmarks ?? sendInitialEvents,
    sendInitialEvents,
    // Upstream demands it with sendInitialEvents (KEP-3157).
    resourceVersionMatch: sendInitialEvents ? 'NotOlderThan' : undefined,
  }
}
