/**
 * The templates that a StatefulSet or a DaemonSet once had, as ControllerRevisions (pkg/controller/history): equal content is one revision,
 * going back gives it the next number. Their data is the patch that `kubectl rollout undo` applies. Pure.
 */
import type { ControllerRevision } from '../../../kube/apps.ts'
import type { PodTemplateSpec } from '../../../kube/core.ts'
import { isRecord, isSame } from '../../../kube/equal.ts'
import { controllerRef, type KubeObject, refOf } from '../../../kube/object.ts'
import { type Action, create, remove } from '../../runtime/action.ts'

export const REVISION_HASH = 'controller.kubernetes.io/hash'
/** On pods: which revision they were made from. */
export const POD_REVISION = 'controller-revision-hash'

type WithTemplate = KubeObject & { readonly spec: { readonly template: PodTemplateSpec } }

export interface UpdateRevision {
  readonly revision: ControllerRevision
  /** What makes it be there, under its number. */
  readonly actions: readonly Action[]
  /** All of them, in order, this one the last. */
  readonly all: readonly ControllerRevision[]
}

const dataOf = ({ spec }: WithTemplate) => ({ spec: { template: { ...spec.template, $patch: 'replace' } } })

export const byNumber = (a: ControllerRevision, b: ControllerRevision): number =>
  a.revision - b.revision ||
  Date.parse(a.metadata.creationTimestamp ?? '') - Date.parse(b.metadata.creationTimestamp ?? '') ||
  ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1)

export interface Naming {
  readonly hashOf: (data: unknown) => string
  /** How often a name was already another's. */
  readonly collisions?: number | undefined
  /** The label that holds the hash. */
  readonly label?: string
}

/** The revision that the template is now. */
export function updateRevision(
  owner: WithTemplate,
  revisions: readonly ControllerRevision[],
  naming: Naming,
): UpdateRevision {
  const sorted = [...revisions].sort(byNumber)
  const latest = sorted.at(-1)
  const number = (latest?.revision ?? 0) + 1
  const data = dataOf(owner)
  const equal = sorted.findLast(each => isSame(each.data, data))
  if (equal && equal === latest) return { revision: equal, actions: [], all: sorted }
  if (equal) {
    const renumbered = { ...equal, revision: number }
    const { uid } = equal.metadata
    const patch = { metadata: { uid }, revision: number }
    const all = [...sorted.filter(each => each !== equal), renumbered]
    return { revision: renumbered, actions: [{ kind: 'patch', ref: refOf(equal), type: 'merge', patch }], all }
  }
  const made = newRevision(owner, data, number, naming)
  return { revision: made, actions: [create(made)], all: [...sorted, made] }
}

function newRevision(
  owner: WithTemplate,
  data: unknown,
  revision: number,
  { hashOf, collisions = 0, label = REVISION_HASH }: Naming,
): ControllerRevision {
  const hash = hashOf(collisions === 0 ? data : { data, collisions })
  const { name = '', namespace, annotations } = owner.metadata
  return {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: {
      name: `${name.slice(0, 223)}-${hash}`,
      namespace,
      labels: { ...owner.spec.template.metadata?.labels, [label]: hash },
      ...(annotations ? { annotations } : {}),
      ownerReferences: [controllerRef(owner)],
    },
    data,
    revision,
  }
}

/** The template that a revision holds; undefined when it holds none. */
export function templateOf({ data }: ControllerRevision): PodTemplateSpec | undefined {
  const spec = isRecord(data) ? data.spec : undefined
  const template = isRecord(spec) ? spec.template : undefined
  if (!isRecord(template)) return undefined
  const { $patch: _, ...rest } = template
  return rest as unknown as PodTemplateSpec
}

/** The oldest of those that nobody lives by any more, beyond the limit. */
export function truncateHistory(
  revisions: readonly ControllerRevision[],
  isLive: (revision: ControllerRevision) => boolean,
  limit: number,
): readonly Action[] {
  const past = [...revisions].sort(byNumber).filter(each => !isLive(each))
  return past.slice(0, Math.max(0, past.length - limit)).map(each => remove(each))
}
