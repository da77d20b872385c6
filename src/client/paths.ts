/** URL paths of the Kubernetes API from a kind: `/api/v1/namespaces/NS/pods/NAME` or `/apis/GROUP/VERSION/…`. */
import type { KindInfo } from '../kube/kinds.ts'

/** Where a group and version are served. */
export const groupVersionPath = (group: string, version: string): string =>
  group === '' ? `/api/${version}` : `/apis/${group}/${version}`

/** All objects of the kind, in one namespace or everywhere. */
export function collectionPath(info: KindInfo, namespace?: string): string {
  const root = groupVersionPath(info.group, info.version)
  return info.namespaced && namespace
    ? `${root}/namespaces/${encodeURIComponent(namespace)}/${info.plural}`
    : `${root}/${info.plural}`
}

/** One object. A namespaced one without a namespace lies in `default`, as everywhere in Kubernetes. */
export const objectPath = (info: KindInfo, namespace: string | undefined, name: string, subresource?: string): string =>
  `${collectionPath(info, namespace ?? 'default')}/${encodeURIComponent(name)}${subresource ? `/${subresource}` : ''}`
