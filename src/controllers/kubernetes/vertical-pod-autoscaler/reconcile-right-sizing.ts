/**
 * Right-sizing, decided: the workload that asks for it (annotation `solvent.dev/right-size: "true"`), its pods and what they used to new
 * amounts for running pods, in place, and to the recommendation written on the workload. Pure.
 */
import type { Instant } from '../../../base/clock.ts'
import type { PodMetrics } from '../../../kube/autoscaling.ts'
import type { Pod } from '../../../kube/core.ts'
import { type KubeObject, refOf } from '../../../kube/object.ts'
import { milliValue, wholeValue } from '../../../kube/quantity.ts'
import { type Action, normal, warning } from '../../runtime/action.ts'
import { type ContainerHistory, NO_USAGE, withOutOfMemory, withUsage } from './container-history.ts'
import { type Recommendation, type RightSizingTimes, recommend } from './recommend.ts'
import { asksForAnything, differs, quantitiesOf, resizesFor } from './right-size-pod.ts'

/** By container. */
export type WorkloadHistory = ReadonlyMap<string, ContainerHistory>

/** Where the recommendation stands, as JSON: container to amounts. */
export const RECOMMENDATION = 'solvent.dev/recommendation'

export function withMetrics(
  history: WorkloadHistory,
  pods: readonly Pod[],
  metrics: readonly PodMetrics[],
): WorkloadHistory {
  const next = new Map(history)
  for (const pod of pods) {
    const measured = metrics.find(({ metadata }) => metadata.name === pod.metadata.name)
    const { uid = '' } = pod.metadata
    const at = Date.parse(measured?.timestamp ?? '')
    for (const { name, resources } of pod.spec.containers) {
      let known = next.get(name) ?? NO_USAGE
      const usage = measured?.containers.find(each => each.name === name)?.usage
      if (usage?.cpu !== undefined && usage.memory !== undefined && at > 0) {
        const requestedCores = milliValue(resources?.requests?.cpu ?? '0') / 1000
        const [cpuCores, memoryBytes] = [milliValue(usage.cpu) / 1000, wholeValue(usage.memory)]
        known = withUsage(known, { pod: uid, at, cpuCores, memoryBytes, requestedCores })
      }
      next.set(name, withKills(known, pod, name))
    }
  }
  return next
}

/** A container that ran out of memory since we last looked. */
function withKills(history: ContainerHistory, pod: Pod, name: string): ContainerHistory {
  const status = pod.status?.containerStatuses?.find(each => each.name === name)
  const end = status?.state?.terminated ?? status?.lastState?.terminated
  const at = Date.parse(end?.finishedAt ?? '')
  if (end?.reason !== 'OOMKilled' || !(at > history.last - 60_000)) return history
  const { resources } = pod.spec.containers.find(each => each.name === name) ?? {}
  const had = resources?.limits?.memory ?? resources?.requests?.memory ?? '0'
  return withOutOfMemory(history, pod.metadata.uid ?? '', wholeValue(had), at)
}

export interface RightSizingObserved {
  readonly workload: KubeObject
  readonly pods: readonly Pod[]
  readonly history: WorkloadHistory
  readonly times: RightSizingTimes
}

export function reconcileRightSizing(
  { workload, pods, history, times }: RightSizingObserved,
  now: Instant,
): readonly Action[] {
  const running = pods.filter(({ metadata, status }) => status?.phase === 'Running' && !metadata.deletionTimestamp)
  const mute = running.filter(pod => !asksForAnything(pod))
  if (running.length > 0 && mute.length === running.length) {
    return [
      warning(
        workload,
        'RightSizingImpossible',
        `its pods ask for nothing, and a pod's class of service (BestEffort) cannot change while it runs: give its containers requests to start from`,
      ),
    ]
  }
  const known = new Map(
    [...history]
      .filter(([, container]) => container.numSamples > 0 && now - container.first >= times.settleMs)
      .map(([name, container]) => [name, recommend(container, history.size, times)]),
  )
  return [...running.flatMap(pod => resize(workload, pod, known)), ...written(workload, known)]
}

function resize(workload: KubeObject, pod: Pod, known: ReadonlyMap<string, Recommendation>): readonly Action[] {
  const resizes = resizesFor(pod, known)
  if (resizes.length === 0) return []
  const text = resizes.map(({ name, resources }) => `${name} ${JSON.stringify(resources.requests)}`).join(', ')
  return [
    {
      ...{ kind: 'patch', ref: refOf(pod), type: 'strategic', subresource: 'resize' },
      patch: { spec: { containers: resizes } },
    },
    normal(workload, 'RightSized', `Pod ${pod.metadata.name} now asks for ${text}`),
  ]
}

/** People and a restarted controller read it there; small changes are not worth a write. */
function written(workload: KubeObject, known: ReadonlyMap<string, Recommendation>): readonly Action[] {
  if (known.size === 0) return []
  const next = Object.fromEntries([...known].map(([name, { target }]) => [name, quantitiesOf(target)]))
  const before = recommendationOn(workload)
  const isSettled = Object.entries(next).every(([name, { cpu, memory }]) => {
    const now = before[name]
    return now !== undefined && !differs(now.cpu, cpu) && !differs(now.memory, memory)
  })
  if (isSettled) return []
  const patch = { metadata: { annotations: { [RECOMMENDATION]: JSON.stringify(next) } } }
  return [{ kind: 'patch', ref: refOf(workload), type: 'merge', patch }]
}

type Written = Readonly<Record<string, { readonly cpu: string; readonly memory: string } | undefined>>

export function recommendationOn({ metadata }: KubeObject): Written {
  try {
    return JSON.parse(metadata.annotations?.[RECOMMENDATION] ?? '{}') as Written
  } catch {
    return {}
  }
}
