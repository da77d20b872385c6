/** The revisions that can be gone back to: a Deployment's ReplicaSets, a DaemonSet's and a StatefulSet's ControllerRevisions. */
import type { KubeApi } from '../../client/kube-api.ts'
import type { PodTemplateSpec } from '../../kube/core.ts'
import { DEPLOYMENT_REVISION, POD_TEMPLATE_HASH } from '../../kube/names.ts'
import { controllerOf, type UnknownObject } from '../../kube/object.ts'
import type { Rolled } from './rollout-target.ts'

export interface Revision {
  readonly number: number
  readonly template: PodTemplateSpec
  readonly cause: string | undefined
}

const CHANGE_CAUSE = 'kubernetes.io/change-cause'

/** Oldest first. */
export async function revisionsOf(api: KubeApi, { kind, object }: Rolled): Promise<readonly Revision[]> {
  const [apiVersion, childKind] = kind === 'Deployment' ? ['apps/v1', 'ReplicaSet'] : ['apps/v1', 'ControllerRevision']
  const { items } = await api.list({ apiVersion, kind: childKind, namespace: object.metadata.namespace })
  return items
    .filter(child => controllerOf(child)?.uid === object.metadata.uid)
    .flatMap(child => (kind === 'Deployment' ? ofReplicaSet(child) : ofControllerRevision(child)))
    .sort((a, b) => a.number - b.number)
}

function ofReplicaSet({ metadata, spec }: UnknownObject): readonly Revision[] {
  const number = Number(metadata.annotations?.[DEPLOYMENT_REVISION])
  const { template } = spec as { readonly template: PodTemplateSpec }
  const { [POD_TEMPLATE_HASH]: _, ...labels } = template.metadata?.labels ?? {}
  const plain = { ...template, metadata: { ...template.metadata, labels } }
  return number > 0 ? [{ number, template: plain, cause: metadata.annotations?.[CHANGE_CAUSE] }] : []
}

function ofControllerRevision({ metadata, revision, data }: UnknownObject): readonly Revision[] {
  const { template } = (data as { readonly spec?: { readonly template?: PodTemplateSpec } })?.spec ?? {}
  if (!template || typeof revision !== 'number') return []
  const { $patch: _, ...plain } = template as PodTemplateSpec & { readonly $patch?: string }
  return [{ number: revision, template: plain as PodTemplateSpec, cause: metadata.annotations?.[CHANGE_CAUSE] }]
}
