/** What to do about a pod, from what is declared and what is seen: a pure function, asked again after every change (the kubelet's SyncPod). */
import type { Container, Pod } from '../../kube/core.ts'
import type { Action } from './action.ts'
import { restartAtMs } from './back-off.ts'
import { startOver, stopPod, stopUnwell } from './decide-stop.ts'
import { type ObservedPod, observedOf, outcomeOf, pendingInit, startingOver } from './observed.ts'
import { argvOf, ephemeralContainersOf, initContainersOf, isSidecar, restarts, roleOf, sidecarsOf } from './roles.ts'

export function decidePod(pod: Pod, seen: ObservedPod, nowMs: number): readonly Action[] {
  const isDeleted = pod.metadata.deletionTimestamp !== undefined
  if (isDeleted || seen.isOverdue || outcomeOf(pod, seen)) return stopPod(pod, seen, nowMs)
  const because = startingOver(pod, seen)
  if (because && seen.surroundings.kind === 'ready') return startOver(pod, seen, because, nowMs)
  const deadline = deadlineMs(pod, seen)
  if (nowMs >= deadline) return [{ kind: 'expire' }]
  const actions = seen.surroundings.kind === 'ready' ? run(pod, seen, nowMs) : settle(seen, nowMs)
  return deadline === Number.POSITIVE_INFINITY ? actions : [...actions, { kind: 'wake', atMs: deadline }]
}

const deadlineMs = ({ spec }: Pod, { acceptedMs }: ObservedPod): number =>
  spec.activeDeadlineSeconds === undefined ? Number.POSITIVE_INFINITY : acceptedMs + spec.activeDeadlineSeconds * 1000

function settle({ surroundings }: ObservedPod, nowMs: number): readonly Action[] {
  if (surroundings.kind !== 'none') return []
  const { problem } = surroundings
  if (!problem || (problem.retryMs !== undefined && nowMs >= problem.retryMs)) return [{ kind: 'prepare' }]
  return problem.retryMs === undefined ? [] : [{ kind: 'wake', atMs: problem.retryMs }]
}

const run = (pod: Pod, seen: ObservedPod, nowMs: number): readonly Action[] =>
  [...wanted(pod, seen), ...ephemeralContainersOf(pod)].flatMap(each => runContainer(pod, each, seen, nowMs))

/** Those whose time has come: the init containers up to the first that is not done; after all of them, the sidecars and the rest. */
function wanted(pod: Pod, seen: ObservedPod): readonly Container[] {
  const pending = pendingInit(pod, seen)
  if (!pending) return [...sidecarsOf(pod), ...pod.spec.containers]
  const inits = initContainersOf(pod)
  return inits.slice(0, inits.indexOf(pending) + 1).filter(each => each === pending || isSidecar(each))
}

function runContainer(pod: Pod, container: Container, seen: ObservedPod, nowMs: number): readonly Action[] {
  const { state, backOff } = observedOf(seen, container.name)
  const role = roleOf(pod, container)
  switch (state.kind) {
    case 'waiting':
      return argvOf(container).length === 0
        ? []
        : startAt(container, state.problem ? state.problem.retryMs : nowMs, nowMs)
    case 'ended':
      return restarts(pod, container, role, state.end.exitCode)
        ? startAt(container, restartAtMs(backOff, state.endedMs), nowMs)
        : []
    case 'running':
      return stopUnwell(pod, container, role, state, nowMs)
    case 'starting':
      return []
  }
}

function startAt(container: Container, atMs: number | undefined, nowMs: number): readonly Action[] {
  if (atMs === undefined) return []
  return atMs <= nowMs ? [{ kind: 'start', container }] : [{ kind: 'wake', atMs }]
}
