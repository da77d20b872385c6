/**
 * Other amounts for a pod that runs. The worker goes by what is allocated; what is declared becomes that once it fits the node, and then
 * holds for the running containers at once, or by a restart where their resizePolicy says so.
 */
import { formatTime } from '../../base/clock.ts'
import type { Container, ContainerStatus, Pod, PodStatus } from '../../kube/core.ts'
import { isSame } from '../../kube/equal.ts'
import type { Condition } from '../../kube/object.ts'
import { amountsOf } from '../../kube/quota/amounts.ts'
import { hasSameResources, needsRestart, resizeMessage, whyNotNow, withResourcesOf } from '../resources/resize.ts'
import type { AgentParts } from './agent-parts.ts'
import type { PodContext } from './pod-context.ts'
import type { PodResources } from './pod-resources.ts'
import { allContainersOf } from './roles.ts'

export interface PodResize {
  /** As the API has it; returned with what is allocated. */
  admit(declared: Pod): Pod
  /** Tells of allocation and resize in the status. */
  tell(status: PodStatus, before: readonly Condition[]): PodStatus
  stop(): void
}

export interface ResizeOptions {
  readonly parts: AgentParts
  readonly context: PodContext
  readonly resources: PodResources
  /** What was allocated when this began. */
  readonly allocated: Pod
  readonly restart: (container: Container) => void
}

type Found = Pick<Condition, 'reason' | 'message' | 'observedGeneration'>

const RETRY_MS = 2_000
export const RESIZE_CONDITIONS = ['PodResizePending', 'PodResizeInProgress']

export function createPodResize({ parts, context, resources, allocated, restart }: ResizeOptions): PodResize {
  const { clock, events } = parts
  let declared = allocated
  let present = allocated
  let pending: Found | undefined
  let problem: string | undefined
  let isUnderWay = false
  const restarting = new Set<string>()
  let cancel = (): void => {}

  function again(): void {
    cancel()
    cancel = clock.after(RETRY_MS, () => {
      if (context.hasLeft()) return
      evaluate()
      context.sync()
    })
  }

  function evaluate(): void {
    const uid = declared.metadata.uid ?? ''
    const observedGeneration = declared.metadata.generation
    if (!hasSameResources(declared, present)) {
      const room = { allocatable: amountsOf(parts.allocatable), others: parts.requestedByOthers(uid) }
      const why = whyNotNow(declared, room)
      if (why === undefined) {
        present = declared
        pending = undefined
        isUnderWay = true
        events.event(declared, 'Normal', 'ResizeStarted', resizeMessage('Pod resize started', declared))
      } else {
        if (pending?.observedGeneration !== observedGeneration || !pending) {
          const message = resizeMessage('Pod resize Deferred', declared, why)
          events.event(declared, 'Warning', 'ResizeDeferred', message)
        }
        pending = { reason: 'Deferred', message: why, observedGeneration }
        again()
      }
    } else pending = undefined
    if (isUnderWay) apply()
  }

  /** Each running container that has not what it should have. */
  function apply(): void {
    const groupRefused = context.place()?.group.bound(present) ?? []
    const problems = groupRefused.length > 0 ? [`the pod's ${groupRefused.join(', ')} cannot be set`] : []
    let waiting = 0
    for (const container of allContainersOf(present)) {
      const applied = resources.applied(container.name)
      if (!applied || isSame(applied, container.resources ?? {})) continue
      waiting++
      if (needsRestart(container, applied)) {
        if (!restarting.has(container.name)) restart(container)
        restarting.add(container.name)
      } else {
        const refused = resources.rebound(container)
        if (refused === undefined) waiting--
        else problems.push(refused)
      }
    }
    if (problems.length > 0) tellProblem(problems.join('; '))
    else problem = undefined
    if (waiting > 0 || problems.length > 0) again()
    else complete()
  }

  function complete(): void {
    isUnderWay = false
    restarting.clear()
    events.event(declared, 'Normal', 'ResizeCompleted', resizeMessage('Pod resize completed', present))
  }

  function tellProblem(text: string): void {
    if (problem !== text) {
      events.event(declared, 'Warning', 'ResizeError', resizeMessage('Pod resize error', present, text))
    }
    problem = text
  }

  return {
    admit(next) {
      declared = next
      const isChanged = !hasSameResources(declared, present)
      if (isChanged || pending) evaluate()
      return withResourcesOf(next, present)
    },
    tell(status, before) {
      if (isUnderWay) apply()
      const { generation: observedGeneration } = declared.metadata
      const inProgress = isUnderWay
        ? { ...(problem && { reason: 'Error', message: problem }), observedGeneration }
        : undefined
      const found = { PodResizePending: pending, PodResizeInProgress: inProgress }
      const own = Object.entries(found).flatMap(([type, each]) => (each ? [condition(type, each, before)] : []))
      const others = (status.conditions ?? []).filter(({ type }) => !RESIZE_CONDITIONS.includes(type))
      const dressed = (list: readonly ContainerStatus[] | undefined) => list?.map(each => withAllocation(each))
      return {
        ...status,
        conditions: [...own, ...others],
        ...(status.initContainerStatuses && { initContainerStatuses: dressed(status.initContainerStatuses) }),
        containerStatuses: dressed(status.containerStatuses),
      }
    },
    stop: () => cancel(),
  }

  function withAllocation(status: ContainerStatus): ContainerStatus {
    const container = allContainersOf(present).find(({ name }) => name === status.name)
    const wanted = container?.resources
    if (!wanted || (!wanted.requests && !wanted.limits)) return status
    const applied = status.state?.running ? (resources.applied(status.name) ?? wanted) : undefined
    return {
      ...status,
      ...(wanted.requests && { allocatedResources: wanted.requests }),
      ...(applied && { resources: applied }),
    }
  }

  function condition(type: string, found: Found, before: readonly Condition[]): Condition {
    const lastTransitionTime = before.find(each => each.type === type)?.lastTransitionTime ?? formatTime(clock.now())
    return { type, status: 'True', ...found, lastProbeTime: null, lastTransitionTime }
  }
}
