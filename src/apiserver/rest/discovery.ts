/**
 * Discovery: which groups, versions and resources there are, in the three forms that clients ask for (one document a group version;
 * aggregated v2 and v2beta1, KEP-3352). Everything follows from the catalogue; nothing is kept.
 */
import { createHash } from 'node:crypto'
import { apiVersionOf, type SubresourceInfo, splitApiVersion } from '../../kube/kinds.ts'
import type { Catalog } from '../resource/catalog.ts'
import { noSuchResource } from '../resource/refusals.ts'
import type { Resource } from '../resource/resource.ts'

const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']
/** As apiextensions-apiserver happens to write them. */
const CUSTOM_VERBS = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch']
const OF_AN_OBJECT = ['get', 'patch', 'update']

/** What a custom resource may have under it; built-in kinds say it themselves. */
const CUSTOM_SUBRESOURCES: Readonly<Record<string, SubresourceInfo>> = {
  status: { name: 'status', verbs: OF_AN_OBJECT },
  scale: { name: 'scale', verbs: OF_AN_OBJECT, apiVersion: 'autoscaling/v1', kind: 'Scale' },
}

const subresourcesOf = ({ info }: Resource): readonly SubresourceInfo[] =>
  info.subresourceInfo ?? info.subresources.flatMap(name => CUSTOM_SUBRESOURCES[name] ?? [])

interface Described {
  readonly name: string
  readonly kind: { readonly group: string; readonly version: string; readonly kind: string }
  readonly verbs: readonly string[]
}

const described = (resource: Resource): readonly Described[] =>
  subresourcesOf(resource).map(({ name, verbs, apiVersion, kind = resource.info.kind }) => ({
    name,
    verbs,
    kind: { ...splitApiVersion(apiVersion ?? resource.apiVersion), kind },
  }))

/** Groups in the order in which their kinds stand in the table; versions likewise, the first one preferred. */
export function groupsOf(catalog: Catalog): ReadonlyMap<string, ReadonlyMap<string, readonly Resource[]>> {
  const groups = new Map<string, Map<string, Resource[]>>()
  for (const resource of catalog.all()) {
    const versions = groups.get(resource.info.group) ?? new Map<string, Resource[]>()
    groups.set(resource.info.group, versions)
    versions.set(resource.info.version, [...(versions.get(resource.info.version) ?? []), resource])
  }
  return groups
}

export const apiVersions = () => ({ kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] })

export const groupList = (catalog: Catalog) => ({
  kind: 'APIGroupList',
  apiVersion: 'v1',
  groups: [...groupsOf(catalog)]
    .filter(([group]) => group !== '')
    .map(([group, versions]) => groupDocument(group, [...versions.keys()])),
})

export function group(catalog: Catalog, name: string) {
  const versions = groupsOf(catalog).get(name)
  if (!versions || name === '') throw noSuchResource()
  return { kind: 'APIGroup', apiVersion: 'v1', ...groupDocument(name, [...versions.keys()]) }
}

function groupDocument(name: string, versions: readonly string[]) {
  const rows = versions.map(version => ({ groupVersion: `${name}/${version}`, version }))
  return { name, versions: rows, preferredVersion: rows[0] }
}

export function resourceList(catalog: Catalog, groupName: string, version: string) {
  const resources = groupsOf(catalog).get(groupName)?.get(version)
  if (!resources) throw noSuchResource()
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: apiVersionOf({ group: groupName, version }),
    resources: resources.flatMap(resource => [
      mainRow(resource),
      ...described(resource).map(sub => subRow(resource, sub)),
    ]),
  }
}

const optionalLists = ({ info: { shortNames, categories } }: Resource) => ({
  ...(shortNames.length > 0 && { shortNames }),
  ...(categories.length > 0 && { categories }),
})

const mainRow = (resource: Resource) => ({
  name: resource.info.plural,
  singularName: resource.info.singular,
  namespaced: resource.info.namespaced,
  kind: resource.info.kind,
  verbs: verbsOf(resource),
  ...optionalLists(resource),
  ...(verbsOf(resource).includes('watch') && { storageVersionHash: storageVersionHash(resource) }),
})

const verbsOf = ({ info, isCustom }: Resource): readonly string[] => info.verbs ?? (isCustom ? CUSTOM_VERBS : VERBS)

/** By which clients see that the version in the store has changed. */
const storageVersionHash = ({ info, storedVersion }: Resource): string => {
  const place = storedVersion.includes('/') ? storedVersion : `/${storedVersion}`
  return createHash('sha256').update(`${place}/${info.kind}`).digest().subarray(0, 8).toString('base64')
}

const subRow = ({ info }: Resource, { name, kind, verbs }: Described) => ({
  name: `${info.plural}/${name}`,
  singularName: '',
  namespaced: info.namespaced,
  ...(kind.group !== info.group || kind.version !== info.version ? { group: kind.group, version: kind.version } : {}),
  kind: kind.kind,
  verbs,
})

/** `/api` and `/apis` in one answer with everything below them. */
export const aggregated = (catalog: Catalog, version: string, isLegacy: boolean) => ({
  kind: 'APIGroupDiscoveryList',
  apiVersion: `apidiscovery.k8s.io/${version}`,
  metadata: {},
  items: [...groupsOf(catalog)]
    .filter(([name]) => (name === '') === isLegacy)
    .map(([name, versions]) => ({
      metadata: name ? { name } : {},
      versions: [...versions].map(([each, resources]) => ({
        version: each,
        freshness: 'Current',
        resources: resources.map(aggregatedResource),
      })),
    })),
})

const aggregatedResource = (resource: Resource) => {
  const { info } = resource
  const subresources = described(resource)
  return {
    resource: info.plural,
    responseKind: { group: info.group, version: info.version, kind: info.kind },
    scope: info.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: info.singular,
    verbs: verbsOf(resource),
    ...optionalLists(resource),
    ...(subresources.length > 0 && {
      subresources: subresources.map(({ name, kind, verbs }) => ({ subresource: name, responseKind: kind, verbs })),
    }),
  }
}

export const discoveryContentType = (version: string): string =>
  `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`
