/** What a URL names: a resource, one of its objects, or a document of the server's own (apiserver's RequestInfo). */
import { badRequest } from '../resource/refusals.ts'

export interface ResourceRoute {
  readonly kind: 'resource'
  readonly group: string
  readonly version: string
  readonly plural: string
  readonly namespace?: string
  readonly name?: string
  readonly subresource?: string
}

export interface PathRoute {
  readonly kind: 'path'
  readonly path: string
}

export type Route = ResourceRoute | PathRoute

/** `/api/v1/…` is the core group, `/apis/GROUP/VERSION/…` every other. Shorter paths are discovery. */
export function routeOf(pathname: string): Route {
  // Slashes at the ends say nothing; an empty part in the middle is a name that nothing has.
  const parts = pathname
    .replace(/^\/+|\/+$/g, '')
    .split('/')
    .map(decode)
  const path: PathRoute = { kind: 'path', path: `/${parts.join('/')}` }
  const [root, ...rest] = parts
  if (root === 'api') return rest.length < 2 ? path : resourceRoute('', rest[0]!, rest.slice(1), path)
  if (root === 'apis') return rest.length < 3 ? path : resourceRoute(rest[0]!, rest[1]!, rest.slice(2), path)
  return path
}

/** Under a namespace these are the namespace's own, and no resources in it. */
const OF_NAMESPACES = new Set(['status', 'finalize'])

function resourceRoute(group: string, version: string, rest: readonly string[], path: PathRoute): Route {
  const base = { kind: 'resource' as const, group, version }
  const [first = '', second, third, fourth, fifth] = rest
  if (first === 'namespaces' && third !== undefined && !(rest.length === 3 && OF_NAMESPACES.has(third))) {
    if (rest.length > 5) return path
    return { ...base, namespace: second!, plural: third, ...optional(fourth, fifth) }
  }
  return rest.length > 3 ? path : { ...base, plural: first, ...optional(second, third) }
}

const optional = (name: string | undefined, subresource: string | undefined) => ({
  ...(name !== undefined && { name }),
  ...(subresource !== undefined && { subresource }),
})

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw badRequest(`the path has an invalid escape: ${JSON.stringify(part)}`)
  }
}
