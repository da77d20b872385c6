/** Who a pod of a StatefulSet is: its name, its number, its storage (pkg/controller/statefulset/stateful_set_utils.go). */
import type { StatefulSet } from '../../../kube/apps.ts'
import type { Pod, PodTemplateSpec, Volume } from '../../../kube/core.ts'
import { isSame } from '../../../kube/equal.ts'
import { controllerRef, type UnknownObject } from '../../../kube/object.ts'
import { POD_REVISION } from '../history/revisions.ts'

export const POD_NAME = 'statefulset.kubernetes.io/pod-name'
export const POD_INDEX = 'apps.kubernetes.io/pod-index'

/** `web-3` is of `web`, number 3; -1: no number. */
export function parentAndOrdinal(name = ''): { readonly parent: string; readonly ordinal: number } {
  const [, parent, digits] = /^(.*)-([0-9]+)$/.exec(name) ?? []
  const ordinal = Number(digits ?? -1)
  return parent === undefined || ordinal > 2_147_483_647 ? { parent: '', ordinal: -1 } : { parent, ordinal }
}

export const ordinalOf = ({ metadata }: Pod): number => parentAndOrdinal(metadata.name).ordinal
export const isMember = (set: StatefulSet, { metadata }: Pod): boolean =>
  parentAndOrdinal(metadata.name).parent === set.metadata.name

export const firstOrdinal = ({ spec }: StatefulSet): number => spec.ordinals?.start ?? 0
export const replicasOf = ({ spec }: StatefulSet): number => spec.replicas ?? 1
export const isInRange = (set: StatefulSet, ordinal: number): boolean =>
  ordinal >= firstOrdinal(set) && ordinal < firstOrdinal(set) + replicasOf(set)

export const revisionOf = ({ metadata }: Pod): string => metadata.labels?.[POD_REVISION] ?? ''

type Claim = UnknownObject

export const claimName = (set: StatefulSet, template: Claim, ordinal: number): string =>
  `${template.metadata.name}-${set.metadata.name}-${ordinal}`

/** The claims of one pod, as they would be made. */
export const claimsOf = (set: StatefulSet, ordinal: number): readonly Claim[] =>
  (set.spec.volumeClaimTemplates ?? []).map(template => ({
    ...template,
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      ...template.metadata,
      name: claimName(set, template, ordinal),
      namespace: set.metadata.namespace,
      labels: { ...template.metadata.labels, ...set.spec.selector.matchLabels },
    },
  }))

/** The template's volumes with the claims in place of those of their names. */
export function volumesOf(set: StatefulSet, ordinal: number, volumes: readonly Volume[] = []): readonly Volume[] {
  const templates = set.spec.volumeClaimTemplates ?? []
  const claimed = templates.map(template => ({
    name: template.metadata.name ?? '',
    persistentVolumeClaim: { claimName: claimName(set, template, ordinal) },
  }))
  return [...claimed, ...volumes.filter(({ name }) => !claimed.some(each => each.name === name))]
}

export function newPod(set: StatefulSet, template: PodTemplateSpec, revision: string, ordinal: number): Pod {
  const name = `${set.metadata.name}-${ordinal}`
  const volumes = volumesOf(set, ordinal, template.spec.volumes)
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: set.metadata.namespace,
      ...(template.metadata?.annotations ? { annotations: template.metadata.annotations } : {}),
      labels: { ...template.metadata?.labels, ...identityLabels(name, ordinal), [POD_REVISION]: revision },
      ownerReferences: [controllerRef(set)],
    },
    spec: {
      ...template.spec,
      hostname: name,
      ...(set.spec.serviceName ? { subdomain: set.spec.serviceName } : {}),
      ...(volumes.length > 0 ? { volumes } : {}),
    },
  }
}

const identityLabels = (name: string, ordinal: number) => ({ [POD_NAME]: name, [POD_INDEX]: String(ordinal) })

/** Whether it bears its own name as a label, and has its claims as volumes. */
export const isItself = (set: StatefulSet, pod: Pod): boolean => identityMatches(set, pod) && storageMatches(set, pod)

export const identityMatches = (set: StatefulSet, pod: Pod): boolean =>
  isMember(set, pod) &&
  pod.metadata.namespace === set.metadata.namespace &&
  pod.metadata.labels?.[POD_NAME] === pod.metadata.name

export function storageMatches(set: StatefulSet, pod: Pod): boolean {
  const ordinal = ordinalOf(pod)
  return (
    ordinal >= 0 &&
    (set.spec.volumeClaimTemplates ?? []).every(template => {
      const volume = pod.spec.volumes?.find(({ name }) => name === template.metadata.name)
      return volume?.persistentVolumeClaim?.claimName === claimName(set, template, ordinal)
    })
  )
}

/** The pod as itself again. */
export function asItself(set: StatefulSet, pod: Pod): Pod {
  const ordinal = ordinalOf(pod)
  const name = `${set.metadata.name}-${ordinal}`
  const volumes = volumesOf(set, ordinal, pod.spec.volumes)
  const labels = { ...pod.metadata.labels, ...identityLabels(name, ordinal) }
  return {
    ...pod,
    metadata: { ...pod.metadata, labels },
    spec: isSame(volumes, pod.spec.volumes ?? []) ? pod.spec : { ...pod.spec, volumes },
  }
}
