/**
 * OpenAPI v3, a document a group version, as `kubectl apply`, `diff` and `explain` read them: every schema with its group-version-kind,
 * and paths that say which verbs there are and with which parameters. A document is made when somebody asks and kept while the catalogue
 * stays the same; the index names each by a hash of what it is made from, so that it costs no document.
 */
import { createHash } from 'node:crypto'
import { builtInTypeName } from '../../kube/built-in-schema.ts'
import { apiVersionOf } from '../../kube/kinds.ts'
import type { Catalog } from '../resource/catalog.ts'
import type { Resource } from '../resource/resource.ts'
import { paths } from './paths.ts'
import { schemas } from './schemas.ts'

export interface OpenApi {
  /** The index, with a hash of each document in its URL so that clients may keep it. */
  index(): string
  /** `api/v1`, `apis/batch/v1`; undefined where there is no such group version. */
  document(path: string): string | undefined
}

interface Source {
  readonly resources: readonly Resource[]
  text?: string
}

export function createOpenApi(catalog: Catalog): OpenApi {
  let version = -1
  let sources = new Map<string, Source>()
  /** Where the resources of a group version are the same as before, its document stays. */
  const fresh = (): Map<string, Source> => {
    if (version === catalog.version) return sources
    version = catalog.version
    const before = sources
    sources = new Map(
      [...byGroupVersion(catalog)].map(([path, resources]) => {
        const known = before.get(path)
        const isSame =
          known?.resources.length === resources.length && known.resources.every((each, i) => each === resources[i])
        return [path, known && isSame ? known : { resources }]
      }),
    )
    return sources
  }
  return {
    index: () =>
      JSON.stringify({
        paths: Object.fromEntries(
          [...fresh()].map(([path, { resources }]) => [
            path,
            { serverRelativeURL: `/openapi/v3/${path}?hash=${hashOf(resources)}` },
          ]),
        ),
      }),
    document: path => {
      const source = fresh().get(path)
      if (source) source.text ??= JSON.stringify(documentOf(source.resources))
      return source?.text
    },
  }
}

function byGroupVersion(catalog: Catalog): ReadonlyMap<string, readonly Resource[]> {
  const found = new Map<string, Resource[]>()
  for (const resource of catalog.all()) {
    const path = `${resource.info.group === '' ? 'api' : 'apis'}/${resource.apiVersion}`
    const known = found.get(path)
    if (known) known.push(resource)
    else found.set(path, [resource])
  }
  return found
}

/** Built-in kinds change with the release only. */
const RELEASE = '1.37'

const identity = ({ info, isCustom, schema }: Resource): unknown => [info, isCustom && schema()]

const hashOf = (resources: readonly Resource[]): string =>
  createHash('sha512')
    .update(JSON.stringify([RELEASE, ...resources.map(identity)]))
    .digest('hex')
    .toUpperCase()

const documentOf = (resources: readonly Resource[]) => ({
  openapi: '3.0.0',
  info: { title: 'Kubernetes', version: RELEASE },
  paths: Object.assign({}, ...resources.map(resource => paths(resource, schemaName(resource)))),
  components: {
    schemas: schemas(resources, schemaName),
    securitySchemes: {
      BearerToken: { type: 'apiKey', description: 'Bearer Token authentication', name: 'authorization', in: 'header' },
    },
  },
})

/** `io.k8s.api.core.v1.Pod`; of a custom resource `dev.solvent.v1alpha1.BatchJob`. */
export function schemaName({ info, isCustom }: Resource): string {
  const name = isCustom ? undefined : builtInTypeName(apiVersionOf(info), info.kind)
  return name ?? `${info.group.split('.').reverse().join('.')}.${info.version}.${info.kind}`
}
