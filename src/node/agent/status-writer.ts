/**
 * Writes the status of one pod: one write at a time, always the newest, never one that says nothing new. What is not urgent waits a few
 * milliseconds, so that a pod that is over at once costs one write instead of three.
 */
import type { Clock } from '../../base/clock.ts'
import type { KubeApi } from '../../client/kube-api.ts'
import { canonicalJson } from '../../kube/canonical-json.ts'
import type { Pod, PodStatus } from '../../kube/core.ts'
import { refOf } from '../../kube/object.ts'
import { isApiError } from '../../kube/status.ts'
import { isOurs } from './pod-conditions.ts'

export interface StatusWriter {
  set(pod: Pod, status: PodStatus, isUrgent: boolean): void
  /** Resolves when the newest status is written, or the pod is gone. */
  settled(): Promise<void>
}

export interface StatusWriterOptions {
  readonly api: KubeApi
  readonly clock: Clock
  readonly log: (message: string) => void
}

const GATHER_MS = 10
const FIRST_RETRY_MS = 100
const MAX_RETRY_MS = 5_000

export function createStatusWriter({ api, clock, log }: StatusWriterOptions): StatusWriter {
  let wanted: { readonly pod: Pod; readonly status: PodStatus } | undefined
  let written = ''
  let isWriting = false
  let failures = 0
  let cancel: (() => void) | undefined
  const waiting: (() => void)[] = []

  async function write(): Promise<void> {
    cancel?.()
    cancel = undefined
    if (isWriting || !wanted) return
    const { pod, status } = wanted
    wanted = undefined
    const text = canonicalJson(status)
    isWriting = true
    try {
      if (text !== written) {
        // The uid is a precondition: another pod may have the name by now.
        const { how, wholeOrOurs } = patchOf(pod, status)
        const patch = { metadata: { uid: pod.metadata.uid }, status: wholeOrOurs }
        await api.patch(refOf(pod), how, patch, { subresource: 'status' })
        written = text
      }
      failures = 0
    } catch (error) {
      if (!isApiError(error, 'NotFound', 'Conflict', 'Invalid')) {
        wanted ??= { pod, status }
        writeAfter(Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** failures++))
      } else log(`the status of ${pod.metadata.name} is refused: ${(error as Error).message}`)
    } finally {
      isWriting = false
    }
    if (wanted && !cancel) void write()
    else if (!wanted) for (const resolve of waiting.splice(0)) resolve()
  }

  function writeAfter(ms: number): void {
    cancel ??= clock.after(ms, () => void write())
  }

  return {
    set(pod, status, isUrgent) {
      wanted = { pod, status }
      if (isWriting || failures > 0) return
      if (isUrgent) void write()
      else writeAfter(GATHER_MS)
    },
    settled: () => (isWriting || wanted ? new Promise(resolve => waiting.push(resolve)) : Promise.resolve()),
  }
}

/** Where others set conditions too, ours are merged in beside theirs; else the list is ours, which is five times cheaper to apply. */
function patchOf({ spec }: Pod, status: PodStatus): { how: 'merge' | 'strategic'; wholeOrOurs: PodStatus } {
  const { conditions = [] } = status
  const own = conditions.filter(isOurs)
  const isShared = own.length < conditions.length || (spec.readinessGates?.length ?? 0) > 0
  return isShared
    ? { how: 'strategic', wholeOrOurs: { ...status, conditions: own } }
    : { how: 'merge', wholeOrOurs: status }
}
