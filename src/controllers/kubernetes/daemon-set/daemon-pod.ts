/** A DaemonSet's pod: made for one node, by an affinity that the scheduler obeys (pkg/controller/daemon/util/daemonset_util.go). */
import type { DaemonSet } from '../../../kube/apps.ts'
import type { Pod } from '../../../kube/core.ts'
import { controllerRef } from '../../../kube/object.ts'
import type { Affinity } from '../../../kube/placement.ts'
import { POD_REVISION } from '../history/revisions.ts'
import { daemonTolerations } from './should-run.ts'

/** An annotation and a label of old versions, which live on. */
const GENERATION = 'deprecated.daemonset.template.generation'
const POD_GENERATION = 'pod-template-generation'

export function daemonPod(set: DaemonSet, node: string, hash: string): Pod {
  const { template } = set.spec
  const generation = set.metadata.annotations?.[GENERATION]
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: `${set.metadata.name}-`,
      namespace: set.metadata.namespace,
      ...(template.metadata?.annotations ? { annotations: template.metadata.annotations } : {}),
      labels: {
        ...template.metadata?.labels,
        ...(generation ? { [POD_GENERATION]: generation } : {}),
        [POD_REVISION]: hash,
      },
      ownerReferences: [controllerRef(set)],
    },
    spec: {
      ...template.spec,
      affinity: onNode(template.spec.affinity, node),
      tolerations: daemonTolerations(template.spec),
    },
  }
}

/** What the template asks of nodes was looked at when this one was chosen. */
export const onNode = (affinity: Affinity | undefined, node: string): Affinity => ({
  ...affinity,
  nodeAffinity: {
    ...affinity?.nodeAffinity,
    requiredDuringSchedulingIgnoredDuringExecution: {
      nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [node] }] }],
    },
  },
})

/** The node that a pod is on, or is made for. */
export function targetNode({ spec }: Pod): string | undefined {
  if (spec.nodeName) return spec.nodeName
  const terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []
  const field = terms
    .flatMap(({ matchFields = [] }) => matchFields)
    .find(({ key, operator }) => key === 'metadata.name' && operator === 'In')
  return field?.values?.length === 1 ? field.values[0] : undefined
}

export const isUpdated = ({ metadata: { labels } }: Pod, set: DaemonSet, hash: string): boolean => {
  const generation = set.metadata.annotations?.[GENERATION]
  return labels?.[POD_REVISION] === hash || (generation !== undefined && labels?.[POD_GENERATION] === generation)
}

/** Those on a node before those that wait for one, then the oldest first. */
export function oldestFirst(a: Pod, b: Pod): number {
  const isWaiting = ({ spec }: Pod): number => (spec.nodeName ? 0 : 1)
  const createdAt = ({ metadata }: Pod): number => Date.parse(metadata.creationTimestamp ?? '') || 0
  return (
    isWaiting(a) - isWaiting(b) ||
    createdAt(a) - createdAt(b) ||
    ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1)
  )
}
