/**
 * What kinds a server knows beyond the built-in ones, asked when first needed and kept for the life of the client. Reads the
 * per-version lists (every server has them) for one kind, and aggregated discovery (KEP-3352) for all.
 */
import { BUILT_IN_KINDS, builtInKind, type KindInfo, splitApiVersion } from '../kube/kinds.ts'
import { apiError, isApiError } from '../kube/status.ts'
import { groupVersionPath } from './paths.ts'
import type { Transport } from './transport.ts'

export interface Discovery {
  /** Throws ApiError NotFound for a kind that the server does not serve. */
  kind(apiVersion: string, kind: string): Promise<KindInfo>
  /** Everything that is served, the preferred version of each group first. */
  all(): Promise<readonly KindInfo[]>
}

interface ResourceList {
  readonly resources: readonly {
    readonly name: string
    readonly singularName: string
    readonly namespaced: boolean
    readonly kind: string
    readonly shortNames?: readonly string[]
    readonly categories?: readonly string[]
  }[]
}

interface GroupDiscoveryList {
  readonly kind: string
  readonly items?: readonly {
    readonly metadata: { readonly name?: string }
    readonly versions: readonly {
      readonly version: string
      readonly resources?: readonly {
        readonly resource: string
        readonly singularResource?: string
        readonly scope: 'Namespaced' | 'Cluster'
        readonly responseKind: { readonly kind: string }
        readonly shortNames?: readonly string[]
        readonly categories?: readonly string[]
        readonly subresources?: readonly { readonly subresource: string }[]
      }[]
    }[]
  }[]
}

interface GroupList {
  readonly groups: readonly { readonly name: string; readonly versions: readonly { readonly version: string }[] }[]
}

const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json'

export function createDiscovery(transport: Transport): Discovery {
  const versions = new Map<string, Promise<readonly KindInfo[]>>()
  let everything: Promise<readonly KindInfo[]> | undefined

  function version(apiVersion: string): Promise<readonly KindInfo[]> {
    let found = versions.get(apiVersion)
    if (!found) {
      const { group, version } = splitApiVersion(apiVersion)
      found = transport
        .json<ResourceList>({ path: groupVersionPath(group, version) })
        .then(list => kindsOf(group, version, list))
      versions.set(apiVersion, found)
      // A server that was unreachable, or did not serve it yet, is asked again.
      found.catch(() => versions.delete(apiVersion))
    }
    return found
  }

  async function discoverAll(): Promise<readonly KindInfo[]> {
    const answer = await transport.json<GroupDiscoveryList | GroupList>({ path: '/apis', accept: AGGREGATED })
    if ('items' in answer && answer.items) return [...BUILT_IN_CORE, ...aggregated(answer)]
    const groups = (answer as GroupList).groups ?? []
    const lists = await Promise.all(
      groups.flatMap(group => group.versions.map(each => version(`${group.name}/${each.version}`).catch(() => []))),
    )
    return [...BUILT_IN_CORE, ...lists.flat()]
  }

  return {
    async kind(apiVersion, kind) {
      const known = builtInKind(apiVersion, kind)
      if (known) return known
      try {
        const found = (await version(apiVersion)).find(info => info.kind === kind)
        if (found) return found
      } catch (error) {
        if (!isApiError(error, 'NotFound')) throw error
      }
      // Not kept: the kind may be defined a moment later.
      versions.delete(apiVersion)
      throw apiError('NotFound', `the server has no kind "${kind}" in "${apiVersion}"`)
    },
    all() {
      everything ??= discoverAll()
      everything.catch(() => {
        everything = undefined
      })
      return everything
    },
  }
}

const BUILT_IN_CORE = BUILT_IN_KINDS.filter(info => info.group === '')

/** Subresources come as `pods/log`, beside their parent. */
function kindsOf(group: string, version: string, { resources }: ResourceList): KindInfo[] {
  return resources
    .filter(({ name }) => !name.includes('/'))
    .map(resource => ({
      group,
      version,
      kind: resource.kind,
      plural: resource.name,
      singular: resource.singularName || resource.kind.toLowerCase(),
      shortNames: resource.shortNames ?? [],
      categories: resource.categories ?? [],
      namespaced: resource.namespaced,
      subresources: resources
        .filter(each => each.name.startsWith(`${resource.name}/`))
        .map(each => each.name.split('/')[1]!),
    }))
}

function aggregated({ items = [] }: GroupDiscoveryList): KindInfo[] {
  return items.flatMap(({ metadata, versions }) =>
    versions.flatMap(({ version, resources = [] }) =>
      resources.map(resource => ({
        group: metadata.name ?? '',
        version,
        kind: resource.responseKind.kind,
        plural: resource.resource,
        singular: resource.singularResource || resource.responseKind.kind.toLowerCase(),
        shortNames: resource.shortNames ?? [],
        categories: resource.categories ?? [],
        namespaced: resource.scope === 'Namespaced',
        subresources: (resource.subresources ?? []).map(each => each.subresource),
      })),
    ),
  )
}
