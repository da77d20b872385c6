/** For tests: a Job and its pods as an API server keeps them, driven by the controller's decision. */
import { formatTime } from '../../../base/clock.ts'
import type { Pod } from '../../../kube/core.ts'
import type { Job } from '../../../kube/workloads.ts'
import type { Action } from '../../runtime/action.ts'
import { type BackOff, backOffAfter, NO_BACK_OFF } from './back-off.ts'
import { completionIndexOf, isActive, isOpen, JOB_TRACKING } from './job-pod.ts'
import { reconcileJob } from './reconcile-job.ts'
import { tallyPods } from './tally.ts'

/**
 * A Job and its pods as an API server would keep them. `step` reconciles on what is there and carries the actions out, all of them or only
 * the first few (a crash, a lost race); `happen` lets the world act. It also counts what the status must come to.
 */
export class World {
  job: Job
  pods = new Map<string, Pod>()
  now = Date.parse('2026-01-01T00:00:00Z')
  backOff: BackOff = NO_BACK_OFF
  created = 0
  /** How pods really ended, by uid: what the status must count, each once. One that ends well while it is being deleted may count as either. */
  readonly ends = new Map<string, { phase: 'Succeeded' | 'Failed' | 'either'; index: number | undefined }>()

  constructor(spec: Partial<Job['spec']>) {
    this.job = {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'j', namespace: 'n', uid: 'job-uid' },
      spec: { template: { spec: { containers: [{ name: 'c' }], restartPolicy: 'Never' } }, backoffLimit: 6, ...spec },
    }
  }

  get open(): readonly Pod[] {
    return [...this.pods.values()].filter(isOpen)
  }
  get active(): readonly Pod[] {
    return [...this.pods.values()].filter(isActive)
  }

  decide(): readonly Action[] {
    const tally = tallyPods(this.job, this.open)
    this.nextBackOff = backOffAfter(this.backOff, tally)
    return reconcileJob({ job: this.job, pods: this.open, tally, backOff: this.nextBackOff }, this.now)
  }
  nextBackOff: BackOff = NO_BACK_OFF

  /** Carries out the first `count` actions; true when there was nothing to do. */
  step(count = Number.POSITIVE_INFINITY): boolean {
    const actions = this.decide().filter(({ kind }) => kind !== 'wake' && kind !== 'event')
    for (const action of actions.slice(0, count)) this.carryOut(action)
    if (count >= actions.length) this.backOff = this.nextBackOff
    return actions.length === 0
  }

  settle(): void {
    for (let i = 0; i < 50; i++) if (this.step()) return
    throw new Error(`never settles: ${JSON.stringify(this.decide())}`)
  }

  carryOut(action: Action): void {
    switch (action.kind) {
      case 'create': {
        const uid = `pod-${this.created++}`
        const pod = action.object as Pod
        const metadata = { ...pod.metadata, uid, name: uid, creationTimestamp: new Date(this.now).toISOString() }
        this.pods.set(uid, { ...pod, metadata, status: { phase: 'Pending' } })
        return
      }
      case 'update-status':
        this.job = action.object as Job
        return
      case 'patch': {
        const pod = this.pods.get(action.ref.name)
        if (!pod) return
        const finalizers = pod.metadata.finalizers?.filter(name => name !== JOB_TRACKING)
        this.put({ ...pod, metadata: { ...pod.metadata, finalizers } })
        return
      }
      case 'delete':
        if (action.ref.kind === 'Pod') this.deletePod(action.ref.name)
        return
      default:
        throw new Error(`unexpected ${action.kind}`)
    }
  }

  /** Deleted pods stay as long as they run, or as somebody's finalizer holds them. */
  put(pod: Pod): void {
    const uid = pod.metadata.uid!
    const isHeld = (pod.metadata.finalizers ?? []).length > 0
    const runs = pod.status?.phase === 'Running' && pod.metadata.deletionTimestamp !== undefined
    if (pod.metadata.deletionTimestamp && !isHeld && !runs) this.pods.delete(uid)
    else this.pods.set(uid, pod)
  }

  deletePod(uid: string): void {
    const pod = this.pods.get(uid)
    if (!pod) return
    const isCounted = pod.metadata.finalizers?.includes(JOB_TRACKING) ?? false
    if (isCounted && isActive(pod)) this.ends.set(uid, { phase: 'Failed', index: completionIndexOf(pod) })
    this.put({ ...pod, metadata: { ...pod.metadata, deletionTimestamp: new Date(this.now).toISOString() } })
  }

  setPhase(uid: string, phase: 'Running' | 'Succeeded' | 'Failed', exitCode = 1): void {
    const pod = this.pods.get(uid)
    if (!pod || pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed') return
    const end = pod.metadata.deletionTimestamp && phase === 'Succeeded' ? 'either' : phase
    if (end !== 'Running') this.ends.set(uid, { phase: end, index: completionIndexOf(pod) })
    this.put({ ...pod, status: phase === 'Running' ? { phase } : this.endedStatus(phase, exitCode) })
  }

  endedStatus(phase: 'Succeeded' | 'Failed', exitCode: number): Pod['status'] {
    const terminated = { exitCode: phase === 'Succeeded' ? 0 : exitCode, finishedAt: formatTime(this.now) }
    const ended = { name: 'c', ready: false, restartCount: 0, image: '', imageID: '', state: { terminated } }
    return { phase, containerStatuses: [ended] }
  }

  restart(): void {
    this.backOff = NO_BACK_OFF
  }
}
