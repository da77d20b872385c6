/**
 * What a Server had made and does not want any more: the autoscaler of a number that is fixed now, and configurations that no revision
 * refers to, so that going back still finds its own (kubernetes/kubernetes#22368 asks for this since 2016). Pure.
 */
import type { ConfigMap, PodTemplateSpec } from '../../kube/core.ts'
import { controllerOf, type KubeObject } from '../../kube/object.ts'
import type { Deployment, ReplicaSet } from '../../kube/workloads.ts'

export interface Belongings {
  /** Autoscalers, budgets, ingresses that the Server controls. */
  readonly objects: readonly KubeObject[]
  /** ConfigMaps that it owns, its bundled code among them. */
  readonly configMaps: readonly ConfigMap[]
  /** Every revision that is there: of its Deployment and of a canary's. */
  readonly revisions: readonly (Deployment | ReplicaSet)[]
}

/** `wanted`: what it compiles to now. `isSettled`: no rollout is under way, so every revision is known. */
export function leftoversOf(
  owner: KubeObject,
  wanted: readonly KubeObject[],
  { objects, configMaps, revisions }: Belongings,
  isSettled: boolean,
): readonly KubeObject[] {
  const names = new Set(wanted.map(({ kind, metadata }) => `${kind}/${metadata.name}`))
  const isWanted = ({ kind, metadata }: KubeObject): boolean => names.has(`${kind}/${metadata.name}`)
  const isAlive = ({ metadata }: KubeObject): boolean => !metadata.deletionTimestamp
  const unwanted = objects.filter(object => isAlive(object) && !isWanted(object))
  if (!isSettled) return unwanted
  const templates = [...revisions, ...wanted].flatMap(templateOf)
  const referred = new Set(templates.flatMap(configMapsOf))
  const unreferred = configMaps.filter(
    map =>
      isAlive(map) &&
      isOnlyOf(owner, map) &&
      !isWanted({ ...map, kind: 'ConfigMap' }) &&
      !referred.has(map.metadata.name!),
  )
  return [...unwanted, ...unreferred.map(map => ({ ...map, apiVersion: 'v1', kind: 'ConfigMap' }))]
}

/** Equal code of two Servers is one ConfigMap, which both own. */
const isOnlyOf = (owner: KubeObject, map: ConfigMap): boolean =>
  (map.metadata.ownerReferences ?? []).every(({ uid }) => uid === owner.metadata.uid)

const templateOf = (object: KubeObject): readonly PodTemplateSpec[] => {
  const { template } = ((object as Partial<Deployment>).spec ?? {}) as { readonly template?: PodTemplateSpec }
  return template ? [template] : []
}

function configMapsOf({ spec: { containers, initContainers = [], volumes = [] } }: PodTemplateSpec): readonly string[] {
  const all = [...containers, ...initContainers]
  return [
    ...volumes.flatMap(({ configMap }) => (configMap ? [configMap.name] : [])),
    ...all.flatMap(({ envFrom = [] }) => envFrom.flatMap(({ configMapRef }) => configMapRef?.name ?? [])),
    ...all.flatMap(({ env = [] }) => env.flatMap(({ valueFrom }) => valueFrom?.configMapKeyRef?.name ?? [])),
  ]
}

/** Its revisions: ReplicaSets of Deployments that it controls. */
export const revisionsOf = (deployments: readonly Deployment[], sets: readonly ReplicaSet[]) => {
  const uids = new Set(deployments.map(({ metadata }) => metadata.uid))
  return [...deployments, ...sets.filter(set => uids.has(controllerOf(set)?.uid))]
}
