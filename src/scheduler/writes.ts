/** The calls by which decisions become known: bindings, conditions, evictions by preemption, and their Events. */
import { type Clock, formatTime } from '../base/clock.ts'
import type { EventRecorder } from '../client/events.ts'
import type { KubeApi } from '../client/kube-api.ts'
import type { Pod } from '../kube/core.ts'
import { type Condition, refOf } from '../kube/object.ts'
import type { PodGroup } from '../kube/workloads.ts'
import { type Decision, INITIALLY_SCHEDULED } from './decision.ts'
import { PREEMPTED } from './preempt.ts'

export type Wait = Extract<Decision, { kind: 'wait' }>
export type Preempt = Extract<Decision, { kind: 'preempt' }>

const others = (conditions: readonly Condition[] = [], type: string): readonly Condition[] =>
  conditions.filter(each => each.type !== type)

export function notScheduled({ reason, message }: Wait, clock: Clock): Condition {
  return { type: 'PodScheduled', status: 'False', reason, message, lastTransitionTime: formatTime(clock.now()) }
}

/** The pod as it will be when the watch brings what was said of it. */
export function withWait(decision: Wait, clock: Clock): Pod {
  const { pod, nominatedNode } = decision
  const conditions = [...others(pod.status?.conditions, 'PodScheduled'), notScheduled(decision, clock)]
  const nominated = nominatedNode === undefined ? {} : { nominatedNodeName: nominatedNode || undefined }
  return { ...pod, status: { ...pod.status, conditions, ...nominated } }
}

const disrupted = (schedulerName: string, clock: Clock): Condition => ({
  type: 'DisruptionTarget',
  status: 'True',
  reason: PREEMPTED,
  message: `${schedulerName}: preempting to accommodate a higher priority pod`,
  lastTransitionTime: formatTime(clock.now()),
})

/** The pod as it will be when the watch brings its deletion. */
export function withEnd({ pod, by }: Preempt, clock: Clock): Pod {
  const condition = disrupted(by.spec.schedulerName ?? '', clock)
  const conditions = [...others(pod.status?.conditions, condition.type), condition]
  const metadata = { ...pod.metadata, deletionTimestamp: formatTime(clock.now()) }
  return { ...pod, metadata, status: { ...pod.status, conditions } }
}

export function withGroupCondition(group: PodGroup, status: 'True' | 'False', message: string, clock: Clock): PodGroup {
  const condition: Condition = {
    type: INITIALLY_SCHEDULED,
    status,
    reason: status === 'True' ? 'Scheduled' : 'Unschedulable',
    message,
    lastTransitionTime: formatTime(clock.now()),
    observedGeneration: group.metadata.generation,
  }
  const conditions = [...others(group.status?.conditions, condition.type), condition]
  return { ...group, status: { ...group.status, conditions } }
}

export interface Writes {
  bind(pod: Pod, node: string): Promise<void>
  explain(decision: Wait): Promise<void>
  evict(decision: Preempt): Promise<void>
}

export function createWrites(api: KubeApi, events: EventRecorder, clock: Clock): Writes {
  const podRef = (pod: Pod) => refOf({ ...pod, apiVersion: 'v1', kind: 'Pod' })

  return {
    async bind(pod, node) {
      const { name = '', namespace, uid = '' } = pod.metadata
      const target = { apiVersion: 'v1', kind: 'Node', name: node }
      const binding = { apiVersion: 'v1', kind: 'Binding', metadata: { name, namespace, uid }, target }
      await api.create(binding, { subresource: 'binding' })
      events.event(pod, 'Normal', 'Scheduled', `Successfully assigned ${namespace}/${name} to ${node}`)
    },
    async explain(decision) {
      const { pod, reason, message, nominatedNode } = decision
      if (reason === 'Unschedulable') events.event(pod, 'Warning', 'FailedScheduling', message)
      const nominated = nominatedNode === undefined ? {} : { nominatedNodeName: nominatedNode || null }
      const status = { conditions: [notScheduled(decision, clock)], ...nominated }
      const patch = { metadata: { uid: pod.metadata.uid }, status }
      await api.patch(podRef(pod), 'strategic', patch, { subresource: 'status' })
    },
    async evict({ pod, node, by }) {
      const { uid } = pod.metadata
      const patch = { metadata: { uid }, status: { conditions: [disrupted(by.spec.schedulerName ?? '', clock)] } }
      await api.patch(podRef(pod), 'strategic', patch, { subresource: 'status' })
      await api.delete(podRef(pod), { preconditions: { uid } })
      events.event(pod, 'Normal', 'Preempted', `Preempted by pod ${by.metadata.uid} on node ${node}`)
    },
  }
}
