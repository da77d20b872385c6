/**
 * A Deployment's ReplicaSets: which one has its template, what they are called, and what is written on them
 * (pkg/controller/deployment/util/deployment_util.go).
 */
import type { PodTemplateSpec } from '../../../kube/core.ts'
import { isSame } from '../../../kube/equal.ts'
import { DEPLOYMENT_REVISION, POD_TEMPLATE_HASH } from '../../../kube/names.ts'
import { controllerRef } from '../../../kube/object.ts'
import type { Deployment, ReplicaSet } from '../../../kube/workloads.ts'
import { budgetOf } from './roll-out.ts'

export const DESIRED_REPLICAS = 'deployment.kubernetes.io/desired-replicas'
export const MAX_REPLICAS = 'deployment.kubernetes.io/max-replicas'
const REVISION_HISTORY = 'deployment.kubernetes.io/revision-history'
const MAX_HISTORY_LENGTH = 2000

export const revisionOf = ({ metadata }: ReplicaSet): number => Number(metadata.annotations?.[DEPLOYMENT_REVISION]) || 0

export const byCreation = (a: ReplicaSet, b: ReplicaSet): number =>
  (Date.parse(a.metadata.creationTimestamp ?? '') || 0) - (Date.parse(b.metadata.creationTimestamp ?? '') || 0) ||
  ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1)

/** The oldest of those with the Deployment's template. */
export const newestSet = ({ spec }: Deployment, sets: readonly ReplicaSet[]): ReplicaSet | undefined =>
  [...sets].sort(byCreation).find(set => isSame(plain(set.spec.template), plain(spec.template)))

/** As the API server stores it: an absent field is not an empty one; and without the label that names the set. */
function plain({ metadata, spec }: PodTemplateSpec) {
  const { [POD_TEMPLATE_HASH]: _, ...labels } = metadata?.labels ?? {}
  return { labels, annotations: metadata?.annotations ?? {}, spec }
}

export function newSet(
  deployment: Deployment,
  replicas: number,
  old: readonly ReplicaSet[],
  hashOf: (template: unknown) => string,
): ReplicaSet {
  const { template, selector, minReadySeconds } = deployment.spec
  const collisions = deployment.status?.collisionCount
  const hash = hashOf(collisions ? { template, collisions } : template)
  const labels = { ...template.metadata?.labels, [POD_TEMPLATE_HASH]: hash }
  const name = (deployment.metadata.name ?? '').slice(0, 252 - hash.length)
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${name}-${hash}`,
      namespace: deployment.metadata.namespace,
      labels,
      annotations: {
        ...inherited(deployment),
        ...sizes(deployment),
        [DEPLOYMENT_REVISION]: String(nextRevision(old)),
      },
      ownerReferences: [controllerRef(deployment)],
    },
    spec: {
      replicas,
      ...(minReadySeconds ? { minReadySeconds } : {}),
      selector: { ...selector, matchLabels: { ...selector.matchLabels, [POD_TEMPLATE_HASH]: hash } },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  }
}

export const nextRevision = (old: readonly ReplicaSet[]): number => Math.max(0, ...old.map(revisionOf)) + 1

/** What the sets were last scaled for: a Deployment that wants another number is being scaled, not rolled out. */
export function sizes(deployment: Deployment): Record<string, string> {
  const replicas = deployment.spec.replicas ?? 1
  return { [DESIRED_REPLICAS]: String(replicas), [MAX_REPLICAS]: String(replicas + budgetOf(deployment).surge) }
}

/** The newest set as it should be: the Deployment's annotations, the highest revision, the former ones as its history. */
export function upToDate(deployment: Deployment, newest: ReplicaSet, old: readonly ReplicaSet[]): ReplicaSet {
  const present = newest.metadata.annotations ?? {}
  const before = revisionOf(newest)
  const revision = Math.max(before, nextRevision(old))
  const isBack = DEPLOYMENT_REVISION in present && before < revision
  const annotations = {
    ...present,
    ...inherited(deployment),
    [DEPLOYMENT_REVISION]: String(revision),
    ...(isBack ? { [REVISION_HISTORY]: withRevision(present[REVISION_HISTORY], before) } : {}),
  }
  const { minReadySeconds = 0 } = deployment.spec
  const isYoung = (newest.spec.minReadySeconds ?? 0) !== minReadySeconds
  if (isSame(annotations, present) && !isYoung) return newest
  return {
    ...newest,
    metadata: { ...newest.metadata, annotations },
    spec: isYoung ? { ...newest.spec, minReadySeconds } : newest.spec,
  }
}

/** The oldest are forgotten when the list grows too long. */
function withRevision(history: string | undefined, revision: number): string {
  const all = [...(history ? history.split(',') : []), String(revision)]
  while (all.join().length > MAX_HISTORY_LENGTH) all.shift()
  return all.join()
}

/** The Deployment's own annotations, which its newest set bears too: `kubectl rollout history` reads the change's cause there. */
const inherited = ({ metadata }: Deployment): Record<string, string> =>
  Object.fromEntries(Object.entries(metadata.annotations ?? {}).filter(([key]) => !NOT_INHERITED.has(key)))

const NOT_INHERITED = new Set([
  DEPLOYMENT_REVISION,
  REVISION_HISTORY,
  DESIRED_REPLICAS,
  MAX_REPLICAS,
  'deprecated.deployment.rollback.to',
  'kubectl.kubernetes.io/last-applied-configuration',
])
