/**
 * Pods that match a Job's selector and belong to nobody become its own, with the finalizer that has them counted; its own that no longer
 * match are let go, without it (getPodsForJob in pkg/controller/job/job_controller.go).
 */
import type { Pod } from '../../../kube/core.ts'
import { controllerOf, refOf } from '../../../kube/object.ts'
import { selects } from '../../../kube/selector.ts'
import type { Job } from '../../../kube/workloads.ts'
import { type Action, dropFinalizer } from '../../runtime/action.ts'
import { type Claimed, claim } from '../../runtime/claim.ts'
import { isTracked, JOB_TRACKING } from './job-pod.ts'

export function claimPods(job: Job, candidates: readonly Pod[]): Claimed<Pod> {
  const { selector } = job.spec
  if (!selector) return { owned: candidates, actions: [], adopts: false }
  const matches = (pod: Pod): boolean => selects(selector, pod.metadata.labels ?? {})
  const claimed = claim(job, candidates, matches)
  const isMine = (pod: Pod): boolean => controllerOf(pod)?.uid === job.metadata.uid
  const adopted = claimed.owned.filter(pod => !isMine(pod) && !isTracked(pod))
  const strayed = candidates.filter(pod => isMine(pod) && isTracked(pod) && !matches(pod))
  return {
    ...claimed,
    actions: [
      ...claimed.actions,
      ...adopted.map(track),
      ...(job.metadata.deletionTimestamp ? [] : strayed.map(pod => dropFinalizer(pod, JOB_TRACKING))),
    ],
  }
}

const track = (pod: Pod): Action => ({
  kind: 'patch',
  ref: refOf(pod),
  type: 'strategic',
  patch: { metadata: { uid: pod.metadata.uid, finalizers: [JOB_TRACKING] } },
})
