/** Why nothing runs yet: what the scheduler and the node agent say about the pods, or the last warning about the object itself. */
import type { KubeApi } from '../../client/kube-api.ts'
import type { Event, Pod } from '../../kube/core.ts'
import type { UnknownObject } from '../../kube/object.ts'
import { podSelectorOf } from '../owned-pods.ts'
import { byTime } from '../render/events.ts'

export interface PendingReason {
  readonly text: string
  readonly unschedulable: boolean
}

export async function pendingReason(api: KubeApi, object: UnknownObject): Promise<PendingReason | undefined> {
  const labelSelector = podSelectorOf(object)
  const { namespace } = object.metadata
  const pods = labelSelector
    ? (await api.list<Pod>({ apiVersion: 'v1', kind: 'Pod', namespace }, { labelSelector })).items
    : []
  return pods.map(reasonOfPod).find(reason => reason !== undefined) ?? warningAbout(api, object)
}

export function reasonOfPod({ metadata, status }: Pod): PendingReason | undefined {
  const unscheduled = status?.conditions?.find(each => each.type === 'PodScheduled' && each.status === 'False')
  if (unscheduled) return { text: unscheduled.message ?? 'a pod has no node yet', unschedulable: true }
  for (const { name, state } of status?.containerStatuses ?? []) {
    const { reason, message } = state?.waiting ?? {}
    // Being created is no reason to wait for long; anything else with words is.
    if (message && reason !== 'ContainerCreating' && reason !== 'PodInitializing') {
      return { text: `pod ${metadata.name}, container ${name}: ${reason}: ${message}`, unschedulable: false }
    }
  }
  return undefined
}

async function warningAbout(api: KubeApi, { kind, metadata }: UnknownObject): Promise<PendingReason | undefined> {
  const fieldSelector = `involvedObject.kind=${kind},involvedObject.name=${metadata.name},type=Warning`
  const { items } = await api.list<Event>(
    { apiVersion: 'v1', kind: 'Event', namespace: metadata.namespace },
    { fieldSelector },
  )
  const since = Date.parse(metadata.creationTimestamp ?? '') || 0
  const last = byTime(items).findLast(
    event => Date.parse(event.lastTimestamp ?? event.metadata.creationTimestamp ?? '') >= since,
  )
  return last?.message ? { text: `${last.reason}: ${last.message}`, unschedulable: false } : undefined
}
