/** What is seen of one pod, as it changes. */
import type { Clock, Instant } from '../../base/clock.ts'
import type { Pod } from '../../kube/core.ts'
import { type Ended, type ObservedContainer, type ObservedPod, observedOf, type Running } from './observed.ts'

export interface PodView {
  readonly seen: ObservedPod
  change(what: Partial<ObservedPod>): void
  changeContainer(name: string, what: Partial<ObservedContainer>): void
  /** Nothing where it does not run (any more). */
  changeRunning(name: string, what: Partial<Running>): void
  containerEnded(name: string, end: Ended): void
}

export function createPodView(pod: Pod, clock: Clock): PodView {
  const containers = new Map<string, ObservedContainer>()
  // A pod that an earlier agent accepted goes on from there.
  const acceptedAt: Instant = pod.status?.startTime ? Date.parse(pod.status.startTime) : clock.now()
  let seen: ObservedPod = {
    surroundings: { kind: 'none' },
    containers,
    acceptedAt,
    acceptedMs: clock.monotonicMs() - Math.max(0, clock.now() - acceptedAt),
  }
  const changeContainer = (name: string, what: Partial<ObservedContainer>): void => {
    containers.set(name, { ...observedOf(seen, name), ...what })
  }
  return {
    get seen() {
      return seen
    },
    change(what) {
      seen = { ...seen, ...what }
    },
    changeContainer,
    changeRunning(name, what) {
      const { state } = observedOf(seen, name)
      if (state.kind === 'running') changeContainer(name, { state: { ...state, ...what } })
    },
    containerEnded: (name, end) =>
      changeContainer(name, { state: { kind: 'ended', end, endedMs: clock.monotonicMs() } }),
  }
}
