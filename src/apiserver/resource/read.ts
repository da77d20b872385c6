/** get and list: from the store's memory, with Kubernetes' meaning of resourceVersion, limit and continue. */
import type { KubeList, UnknownObject } from '../../kube/object.ts'
import { isApiError } from '../../kube/status.ts'
import { Encoded } from '../store/encoded.ts'
import type { Store, StoreList } from '../store/store.ts'
import { decodePage, encodePage, type Page } from './page.ts'
import { badRequest, expired, notFound, tooLargeResourceVersion } from './refusals.ts'
import { type ComputeContext, type Resource, served } from './resource.ts'
import { parseSelection, type Selection } from './selection.ts'

export interface Target {
  readonly resource: Resource
  /** Absent for cluster-scoped kinds and for all namespaces. */
  readonly namespace?: string
  readonly name: string
}

export type VersionMatch = 'Exact' | 'NotOlderThan'

export interface ListQuery {
  readonly labelSelector?: string
  readonly fieldSelector?: string
  readonly limit?: number
  readonly continue?: string
  readonly resourceVersion?: string
  readonly resourceVersionMatch?: VersionMatch
}

export const storeKey = ({ resource, namespace, name }: Target) => ({
  resource: resource.storedAs,
  namespace: namespace ?? '',
  name,
})

export const getObject = (store: Store, target: Target, resourceVersion?: string): UnknownObject =>
  served(target.resource, readObject(store, target, resourceVersion).object)

/** The object as it is stored. */
export function readObject(store: Store, target: Target, resourceVersion?: string): Encoded {
  parseResourceVersion(store, resourceVersion)
  const found = store.read(storeKey(target))
  if (!found) throw notFound(target.resource.info, target.name)
  return found
}

/** Of a kind that lies in no store: all that are selected. */
export async function computeList(
  context: ComputeContext,
  resource: Resource,
  namespace: string | undefined,
  { labelSelector, fieldSelector }: ListQuery = {},
): Promise<StoredList> {
  const selection = parseSelection(resource, labelSelector, fieldSelector)
  const objects = (await resource.compute?.(context, namespace)) ?? []
  const entries = objects.filter(selection.matches).map(object => Encoded.encode(object))
  return { metadata: { resourceVersion: '' }, entries }
}

export async function computeObject(context: ComputeContext, { resource, namespace, name }: Target): Promise<Encoded> {
  const { entries } = await computeList(context, resource, namespace)
  const found = entries.find(({ object }) => object.metadata.name === name)
  if (!found) throw notFound(resource.info, name)
  return found
}

/** Undefined for "whatever is newest": unset, and `0` (any version will do). One from the future is refused, not waited for. */
export function parseResourceVersion(store: Store, text: string | undefined): number | undefined {
  if (text === undefined || text === '' || text === '0') return undefined
  if (!/^\d{1,15}$/.test(text))
    throw badRequest(
      `invalid resource version: resourceVersion: Invalid value: ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`,
    )
  const version = Number(text)
  if (version > store.revision) throw tooLargeResourceVersion(version, store.revision)
  return version
}

/** Objects that a page scans at a time while it looks for the selected ones. */
const SCAN = 500

interface Scan {
  readonly entries: readonly Encoded[]
  readonly revision: number
  readonly next?: string
  readonly remaining: number
}

/** A list whose objects are as they are stored. */
export interface StoredList {
  readonly metadata: KubeList['metadata']
  readonly entries: readonly Encoded[]
}

export function listObjects(
  store: Store,
  resource: Resource,
  namespace: string | undefined,
  query: ListQuery = {},
): KubeList {
  const { metadata, entries } = readList(store, resource, namespace, query)
  return {
    apiVersion: resource.apiVersion,
    kind: `${resource.info.kind}List`,
    metadata,
    items: entries.map(entry => served(resource, entry.object)),
  }
}

export function readList(
  store: Store,
  resource: Resource,
  namespace: string | undefined,
  query: ListQuery = {},
): StoredList {
  const selection = parseSelection(resource, query.labelSelector, query.fieldSelector)
  const from = firstPage(store, query)
  const range = { resource: resource.storedAs, ...(namespace !== undefined && { namespace }) }
  const read = (limit: number | undefined, after: string | undefined): StoreList =>
    readPage(
      () =>
        store.list(range, {
          ...(limit !== undefined && { limit }),
          ...(after !== undefined && { after }),
          ...(from.revision !== undefined && { at: from.revision }),
        }),
      after,
    )
  const limit = query.limit && query.limit > 0 ? query.limit : undefined
  const scan = selection.isEverything
    ? read(limit, from.after)
    : limit === undefined
      ? select(read(undefined, from.after), selection)
      : scanPages(read, selection, limit, from.after)
  return {
    metadata: {
      resourceVersion: String(scan.revision),
      ...(scan.next !== undefined && { continue: encodePage({ revision: scan.revision, after: scan.next }) }),
      ...(scan.next !== undefined && selection.isEverything && { remainingItemCount: scan.remaining }),
    },
    entries: scan.entries,
  }
}

function firstPage(store: Store, query: ListQuery): { revision?: number; after?: string } {
  if (query.resourceVersionMatch && !query.resourceVersion)
    throw badRequest(
      'resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided',
    )
  if (query.continue) {
    if (query.resourceVersion && query.resourceVersion !== '0')
      throw badRequest('specifying resource version is not allowed when using continue')
    const page: Page = decodePage(query.continue)
    return { after: page.after, ...(page.revision !== undefined && { revision: page.revision }) }
  }
  const version = parseResourceVersion(store, query.resourceVersion)
  // A first page of a version without further word is that version's, as pages always were.
  if (query.resourceVersionMatch === undefined && query.limit && version !== undefined) return { revision: version }
  if (query.resourceVersionMatch !== 'Exact') return {}
  if (version === undefined)
    throw badRequest(
      'resourceVersionMatch: Forbidden: resourceVersionMatch "Exact" is forbidden for resourceVersion "0"',
    )
  return { revision: version }
}

/** An expired page is told with a token that goes on from the same place in the newest state. */
function readPage(read: () => StoreList, after: string | undefined): StoreList {
  try {
    return read()
  } catch (error) {
    if (after === undefined || !isApiError(error, 'Expired')) throw error
    throw expired(
      'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
      encodePage({ revision: undefined, after }),
    )
  }
}

const select = ({ revision, remaining, entries }: StoreList, selection: Selection): Scan => ({
  revision,
  remaining,
  entries: entries.filter(selection.selects),
})

/** Reads on until `limit` objects are selected or none are left. The scan may end in the middle of a page it read. */
function scanPages(
  read: (limit: number, after: string | undefined) => StoreList,
  selection: Selection,
  limit: number,
  start: string | undefined,
): Scan {
  const entries: Encoded[] = []
  let after = start
  for (;;) {
    // Never more than are missing: so the page's end is the scan's end.
    const page = read(entries.length === 0 ? Math.max(limit, 1) : Math.min(SCAN, limit - entries.length), after)
    entries.push(...page.entries.filter(selection.selects))
    const { revision, remaining, next } = page
    if (entries.length >= limit || next === undefined) return { revision, remaining, entries, ...(next && { next }) }
    after = page.next
  }
}
