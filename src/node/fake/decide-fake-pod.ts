/**
 * What becomes of a pod on a simulated node, pure. Its annotations say how it goes:
 *
 *     solvent.dev/fake-start-seconds: "2"    Pending for so long; at once without it
 *     solvent.dev/fake-run-seconds: "30"     then it ends; without it a Job's pod ends at once and any other runs on
 *     solvent.dev/fake-exit-code: "1"        with this code, 0 unless said; anything else is a failure
 */
import { formatTime, type Instant } from '../../base/clock.ts'
import type { ContainerState, Pod, PodStatus } from '../../kube/core.ts'
import { controllerOf } from '../../kube/object.ts'

export type FakePodStep =
  | { readonly kind: 'status'; readonly status: PodStatus }
  | { readonly kind: 'remove' }
  | { readonly kind: 'wait'; readonly untilMs: Instant }
  | { readonly kind: 'settled' }

export const START_SECONDS = 'solvent.dev/fake-start-seconds'
export const RUN_SECONDS = 'solvent.dev/fake-run-seconds'
export const EXIT_CODE = 'solvent.dev/fake-exit-code'

const SETTLED: FakePodStep = { kind: 'settled' }

export function decideFakePod(pod: Pod, now: Instant, address: () => string): FakePodStep {
  const { metadata, status } = pod
  if (metadata.deletionTimestamp !== undefined) return { kind: 'remove' }
  if (status?.phase === 'Succeeded' || status?.phase === 'Failed') return SETTLED
  if (status?.phase !== 'Running') {
    const scheduledAt = Date.parse(conditionTime(pod, 'PodScheduled') ?? metadata.creationTimestamp ?? '') || now
    const startMs = scheduledAt + 1000 * (secondsOf(pod, START_SECONDS) ?? 0)
    if (now < startMs) return { kind: 'wait', untilMs: startMs }
    return { kind: 'status', status: running(pod, now, address()) }
  }
  const runSeconds = secondsOf(pod, RUN_SECONDS) ?? (controllerOf(pod)?.kind === 'Job' ? 0 : undefined)
  if (runSeconds === undefined) return SETTLED
  const endMs = (Date.parse(status.startTime ?? '') || now) + 1000 * runSeconds
  return now < endMs ? { kind: 'wait', untilMs: endMs } : { kind: 'status', status: ended(pod, now) }
}

const conditionTime = ({ status }: Pod, type: string): string | undefined =>
  status?.conditions?.find(each => each.type === type && each.status === 'True')?.lastTransitionTime

function secondsOf({ metadata }: Pod, annotation: string): number | undefined {
  const text = metadata.annotations?.[annotation]
  const seconds = Number(text)
  return text === undefined || !Number.isFinite(seconds) ? undefined : Math.max(0, seconds)
}

function running(pod: Pod, now: Instant, podIP: string): PodStatus {
  const startedAt = formatTime(now)
  return {
    phase: 'Running',
    startTime: startedAt,
    podIP,
    podIPs: [{ ip: podIP }],
    hostIP: '198.18.0.0',
    conditions: (['Initialized', 'Ready', 'ContainersReady'] as const).map(type => {
      return { type, status: 'True' as const, lastTransitionTime: startedAt }
    }),
    containerStatuses: containers(pod, true, { running: { startedAt } }),
  }
}

function ended(pod: Pod, now: Instant): PodStatus {
  const finishedAt = formatTime(now)
  const exitCode = Number(pod.metadata.annotations?.[EXIT_CODE] ?? 0) || 0
  const reason = exitCode === 0 ? 'Completed' : 'Error'
  const startedAt = pod.status?.startTime
  return {
    phase: exitCode === 0 ? 'Succeeded' : 'Failed',
    conditions: (['Ready', 'ContainersReady'] as const).map(type => {
      return { type, status: 'False' as const, reason: 'PodCompleted', lastTransitionTime: finishedAt }
    }),
    containerStatuses: containers(pod, false, { terminated: { exitCode, reason, startedAt, finishedAt } }),
  }
}

const containers = ({ spec }: Pod, ready: boolean, state: ContainerState): PodStatus['containerStatuses'] =>
  spec.containers.map(({ name, image = '' }) => {
    return { name, ready, started: ready, restartCount: 0, state, image, imageID: '' }
  })
