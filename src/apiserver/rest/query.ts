/** Query parameters as typed options; what cannot be read is a 400 that names the parameter. */
import { parseFieldSelector } from '../../kube/selector.ts'
import { denied, invalidObject, notSupported } from '../resource/field-error.ts'
import type { ListQuery, VersionMatch } from '../resource/read.ts'
import { badRequest } from '../resource/refusals.ts'
import type { WatchQuery } from '../resource/watch.ts'

export class Query {
  readonly parameters: URLSearchParams

  constructor(parameters: URLSearchParams) {
    this.parameters = parameters
  }

  has(name: string): boolean {
    return this.parameters.has(name)
  }

  /** Empty counts as absent, as in Go. */
  text(name: string): string | undefined {
    return this.parameters.get(name) || undefined
  }

  flag(name: string): boolean | undefined {
    const text = this.text(name)
    if (text === undefined) return undefined
    // As Go's decoder of queries has it: whatever is not false is true.
    return !/^(0|false)$/i.test(text)
  }

  count(name: string): number | undefined {
    const text = this.text(name)
    if (text === undefined) return undefined
    if (/^[-+]?\d{1,15}$/.test(text)) return Number(text)
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`)
  }

  oneOf<T extends string>(name: string, ...allowed: readonly T[]): T | undefined {
    const text = this.text(name)
    if (text === undefined || allowed.includes(text as T)) return text as T | undefined
    const supported = allowed.map(value => JSON.stringify(value)).join(', ')
    throw badRequest(`${name}: Unsupported value: ${JSON.stringify(text)}: supported values: ${supported}`)
  }
}

/** The options that are given; absent ones are no keys at all. */
function given<T extends object>(options: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T
}

const matchOf = (query: Query): VersionMatch | undefined => query.oneOf('resourceVersionMatch', 'Exact', 'NotOlderThan')

/** What a list may not be asked for (apimachinery's internalversion validation). */
function checkListOptions(query: Query): void {
  const match = query.text('resourceVersionMatch')
  const field = 'resourceVersionMatch'
  const errors = [
    ...(match && !query.text('resourceVersion')
      ? [denied(field, 'resourceVersionMatch is forbidden unless resourceVersion is provided')]
      : []),
    ...(match && query.text('continue')
      ? [denied(field, 'resourceVersionMatch is forbidden when continue is provided')]
      : []),
    ...(match && !['Exact', 'NotOlderThan'].includes(match)
      ? [notSupported(field, match, ['Exact', 'NotOlderThan', ''])]
      : []),
    ...(match === 'Exact' && query.text('resourceVersion') === '0'
      ? [denied(field, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"')]
      : []),
    ...(query.has('sendInitialEvents') ? [denied('sendInitialEvents', 'sendInitialEvents is forbidden for list')] : []),
  ]
  if (errors.length > 0) throw invalidObject({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', errors)
}

export function listQuery(query: Query): ListQuery {
  checkListOptions(query)
  return given<ListQuery>({
    labelSelector: query.text('labelSelector'),
    fieldSelector: query.text('fieldSelector'),
    limit: query.count('limit'),
    continue: query.text('continue'),
    resourceVersion: query.text('resourceVersion'),
    resourceVersionMatch: matchOf(query),
  })
}

export const watchQuery = (query: Query, signal: AbortSignal): WatchQuery =>
  given<WatchQuery>({
    labelSelector: query.text('labelSelector'),
    fieldSelector: query.text('fieldSelector'),
    resourceVersion: query.text('resourceVersion'),
    resourceVersionMatch: matchOf(query),
    sendInitialEvents: query.flag('sendInitialEvents'),
    allowWatchBookmarks: query.flag('allowWatchBookmarks'),
    timeoutSeconds: query.count('timeoutSeconds'),
    signal,
  })

/** The one object that a field selector leaves of a collection, if it names one: rights to a name hold for lists and watches of it too. */
export function selectedName(query: Query): string | undefined {
  const parsed = parseFieldSelector(query.text('fieldSelector') ?? '')
  return parsed.ok
    ? parsed.value.find(({ field, operator }) => field === 'metadata.name' && operator === '=')?.value
    : undefined
}
