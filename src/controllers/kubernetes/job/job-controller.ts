/** The Job controller's shell: what is observed for a Job comes from the caches, what is decided goes to `perform`. */
import type { Pod } from '../../../kube/core.ts'
import { controllerOf, keyOf } from '../../../kube/object.ts'
import { selects } from '../../../kube/selector.ts'
import type { Job } from '../../../kube/workloads.ts'
import { type Claimed, mayAdopt } from '../../runtime/claim.ts'
import type { ControllerContext } from '../../runtime/context.ts'
import type { Controller } from '../../runtime/run-controller.ts'
import { type BackOff, backOffAfter, NO_BACK_OFF } from './back-off.ts'
import { claimPods } from './claim-pods.ts'
import { isFinished } from './conditions.ts'
import { isOpen, isTracked } from './job-pod.ts'
import { isManagedElsewhere, reconcileJob, release } from './reconcile-job.ts'
import { tallyPods } from './tally.ts'

/** Before the keys of pods: all others are Jobs'. */
const ORPHAN = 'orphan:'

export function jobController(context: ControllerContext): Controller {
  const { api, clock, informers, newQueue, log } = context
  const { perform } = context.performerFor('job-controller')
  const jobs = informers.of<Job>('batch/v1', 'Job')
  const pods = informers.of<Pod>('v1', 'Pod')
  const queue = newQueue()
  const backOffs = new Map<string, BackOff>()
  /** Jobs whose last new pods were not all made. */
  const refused = new Set<string>()
  /** Only pods that still matter: a Job's thousand ended pods cost nothing at its next event. */
  const openPodsOf = pods.index(pod => (isOpen(pod) ? jobKeysOf(pod) : []))
  const orphansIn = pods.index(pod => (controllerOf(pod) ? [] : [pod.metadata.namespace ?? '']))
  const jobsIn = jobs.index(job => (isFinished(job) ? [] : [job.metadata.namespace ?? '']))

  for (const event of ['add', 'update'] as const) jobs.on(event, (job: Job) => queue.add(keyOf(job)))
  jobs.on('delete', job => {
    backOffs.delete(job.metadata.uid!)
    refused.delete(job.metadata.uid!)
    queue.add(keyOf(job))
  })
  for (const event of ['add', 'update', 'delete'] as const) {
    pods.on(event, touch)
  }
  pods.on('update', (_, before) => {
    if (!controllerOf(before)) return
    for (const key of jobKeysOf(before)) queue.add(key)
  })

  function touch(pod: Pod): void {
    for (const key of jobKeysOf(pod)) queue.add(key)
    if (controllerOf(pod)) return
    const { namespace = '', labels = {} } = pod.metadata
    const takers = jobsIn(namespace).filter(job => selects(job.spec.selector, labels))
    for (const job of takers) queue.add(keyOf(job))
    if (takers.length === 0 && isTracked(pod)) queue.add(`${ORPHAN}${keyOf(pod)}`)
  }

  /** One whose Job is gone and left it behind has nobody to count it. */
  async function releaseOrphan(key: string): Promise<undefined> {
    const [namespace, name = ''] = key.split('/')
    const pod = pods.get(namespace, name)
    if (pod && !controllerOf(pod)) await perform(release([pod]))
  }

  async function reconcile(key: string): Promise<number | undefined> {
    if (key.startsWith(ORPHAN)) return releaseOrphan(key.slice(ORPHAN.length))
    const [namespace, name = ''] = key.split('/')
    const find = (): Job | undefined => jobs.get(namespace, name)
    const isOurs = (pod: Pod): boolean => controllerOf(pod)?.uid === find()?.metadata.uid
    const strangers = openPodsOf(key).filter(pod => !isOurs(pod))
    if (strangers.length > 0) await perform(release(strangers))
    const job = find()
    if (!job) return undefined
    const uid = job.metadata.uid!
    const claimed = claimedBy(job, openPodsOf(key).filter(isOurs), orphansIn(namespace ?? ''))
    if (claimed.actions.length > 0) {
      // What comes of it is seen with the next pass.
      if (!claimed.adopts || (await mayAdopt(api, job))) await perform(claimed.actions)
      return undefined
    }
    const own = claimed.owned
    const now = clock.now()
    const tally = tallyPods(job, own)
    const backOff = backOffAfter(backOffs.get(uid) ?? NO_BACK_OFF, tally)
    const actions = reconcileJob({ job, pods: own, tally, backOff, isRefused: refused.has(uid) }, now)
    if (actions.some(({ kind }) => kind === 'create')) refused.add(uid)
    const afterMs = await perform(actions)
    refused.delete(uid)
    // Kept only once the failures are in the status: a pass that comes again must not count them again.
    if (backOff === NO_BACK_OFF || isFinished(job)) backOffs.delete(uid)
    else backOffs.set(uid, backOff)
    return afterMs
  }

  return { name: 'job', queue, ready: () => Promise.all([jobs.synced, pods.synced]), reconcile, log }
}

/** A Job that is over, or somebody else's, claims nothing. */
function claimedBy(job: Job, own: readonly Pod[], orphans: readonly Pod[]): Claimed<Pod> {
  if (isFinished(job) || isManagedElsewhere(job)) return { owned: own, actions: [], adopts: false }
  return claimPods(job, [...own, ...orphans])
}

function jobKeysOf(pod: Pod): readonly string[] {
  const owner = controllerOf(pod)
  return owner?.kind === 'Job' ? [`${pod.metadata.namespace}/${owner.name}`] : []
}
