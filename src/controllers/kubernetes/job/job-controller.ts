/** The Job controller's shell: what is observed for a Job comes from the caches, what is decided goes to `perform`. */
import type { Pod } from '../../../kube/core.ts'
import { controllerOf, keyOf } from '../../../kube/object.ts'
import type { Job } from '../../../kube/workloads.ts'
import type { ControllerContext } from '../../runtime/context.ts'
import type { Controller } from '../../runtime/run-controller.ts'
import { type BackOff, backOffAfter, NO_BACK_OFF } from './back-off.ts'
import { isFinished } from './conditions.ts'
import { isOpen } from './job-pod.ts'
import { reconcileJob, release } from './reconcile-job.ts'
import { tallyPods } from './tally.ts'

export function jobController(context: ControllerContext): Controller {
  const { clock, informers, newQueue, log } = context
  const { perform } = context.performerFor('job-controller')
  const jobs = informers.of<Job>('batch/v1', 'Job')
  const pods = informers.of<Pod>('v1', 'Pod')
  const queue = newQueue()
  const backOffs = new Map<string, BackOff>()
  /** Jobs whose last new pods were not all made. */
  const refused = new Set<string>()
  /** Only pods that still matter: a Job's thousand ended pods cost nothing at its next event. */
  const openPodsOf = pods.index(pod => (isOpen(pod) ? jobKeysOf(pod) : []))

  for (const event of ['add', 'update'] as const) jobs.on(event, (job: Job) => queue.add(keyOf(job)))
  jobs.on('delete', job => {
    backOffs.delete(job.metadata.uid!)
    refused.delete(job.metadata.uid!)
    queue.add(keyOf(job))
  })
  for (const event of ['add', 'update', 'delete'] as const) {
    pods.on(event, (pod: Pod) => {
      for (const key of jobKeysOf(pod)) queue.add(key)
    })
  }

  async function reconcile(key: string): Promise<number | undefined> {
    const [namespace, name = ''] = key.split('/')
    const find = (): Job | undefined => jobs.get(namespace, name)
    const isOurs = (pod: Pod): boolean => controllerOf(pod)?.uid === find()?.metadata.uid
    const strangers = openPodsOf(key).filter(pod => !isOurs(pod))
    if (strangers.length > 0) await perform(release(strangers))
    const job = find()
    if (!job) return undefined
    const uid = job.metadata.uid!
    const own = openPodsOf(key).filter(isOurs)
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

function jobKeysOf(pod: Pod): readonly string[] {
  const owner = controllerOf(pod)
  return owner?.kind === 'Job' ? [`${pod.metadata.namespace}/${owner.name}`] : []
}
