/** Query parameters as typed options; what cannot be read is a 400 that names the parameter. */
import type { DeleteOptions } from '../../client/kube-api.ts'
import { isRecord } from '../../kube/equal.ts'
import type { FieldValidation } from '../resource/decode.ts'
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
    if (/^(1|t|true)$/i.test(text)) return true
    if (/^(0|f|false)$/i.test(text)) return false
    throw badRequest(`${name}: Invalid value: ${JSON.stringify(text)}: must be true or false`)
  }

  count(name: string): number | undefined {
    const text = this.text(name)
    if (text === undefined) return undefined
    if (/^\d{1,15}$/.test(text)) return Number(text)
    throw badRequest(`${name}: Invalid value: ${JSON.stringify(text)}: must be a whole number`)
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

export const listQuery = (query: Query): ListQuery =>
  given<ListQuery>({
    labelSelector: query.text('labelSelector'),
    fieldSelector: query.text('fieldSelector'),
    limit: query.count('limit'),
    continue: query.text('continue'),
    resourceVersion: query.text('resourceVersion'),
    resourceVersionMatch: matchOf(query),
  })

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

export interface WriteQuery {
  readonly dryRun: boolean
  readonly fieldManager: string
  readonly fieldValidation: FieldValidation
}

/** Who names no manager is known by the program that asks: `kubectl/v1.35…` is `kubectl`. */
export function writeQuery(query: Query, userAgent: string | undefined): WriteQuery {
  const manager = query.text('fieldManager')
  if (manager && manager.length > 128) throw badRequest('fieldManager: Invalid value: may not be more than 128 bytes')
  return {
    dryRun: query.oneOf('dryRun', 'All') !== undefined,
    fieldManager: manager ?? ((userAgent ?? '').split('/')[0] || 'unknown'),
    fieldValidation: query.oneOf('fieldValidation', 'Ignore', 'Warn', 'Strict') ?? 'Warn',
  }
}

const POLICIES = ['Background', 'Foreground', 'Orphan'] as const

/** From the body (a DeleteOptions) and, where that is silent, the query. */
export function deleteOptions(body: unknown, query: Query): DeleteOptions {
  if (body !== undefined && !isRecord(body)) throw badRequest('the body of a DELETE must be a DeleteOptions')
  const { gracePeriodSeconds, propagationPolicy, orphanDependents, preconditions, dryRun } = body ?? {}
  const orphans = orphanDependents ?? query.flag('orphanDependents')
  const policy = propagationPolicy ?? query.oneOf('propagationPolicy', ...POLICIES)
  if (policy !== undefined && !POLICIES.includes(policy as never)) {
    throw badRequest(
      `propagationPolicy: Unsupported value: ${JSON.stringify(policy)}: supported values: ${POLICIES.map(p => `"${p}"`).join(', ')}`,
    )
  }
  const grace = gracePeriodSeconds ?? query.count('gracePeriodSeconds')
  if (grace !== undefined && grace !== null && !Number.isInteger(grace)) {
    throw badRequest('gracePeriodSeconds: must be a whole number')
  }
  return given<DeleteOptions>({
    gracePeriodSeconds: (grace ?? undefined) as number | undefined,
    propagationPolicy: (policy ?? (orphans === undefined ? undefined : orphans ? 'Orphan' : 'Background')) as
      | DeleteOptions['propagationPolicy']
      | undefined,
    preconditions: isRecord(preconditions) ? preconditions : undefined,
    dryRun:
      query.oneOf('dryRun', 'All') !== undefined || (Array.isArray(dryRun) && dryRun.includes('All')) || undefined,
  })
}
