/** The CronJob controller's shell. Loaded with the first CronJob. */
import { controllerOf, keyOf } from '../../../kube/object.ts'
import type { CronJob, Job } from '../../../kube/workloads.ts'
import type { ControllerContext } from '../../runtime/context.ts'
import type { Controller } from '../../runtime/run-controller.ts'
import { reconcileCronJob } from './reconcile-cron-job.ts'

export function cronJobController(context: ControllerContext): Controller {
  const { clock, informers, newQueue, log } = context
  const { perform } = context.performerFor('cronjob-controller')
  const cronJobs = informers.of<CronJob>('batch/v1', 'CronJob')
  const jobs = informers.of<Job>('batch/v1', 'Job')
  const queue = newQueue()
  const jobsOf = jobs.index(cronJobKeysOf)

  for (const event of ['add', 'update', 'delete'] as const) {
    cronJobs.on(event, (cronJob: CronJob) => queue.add(keyOf(cronJob)))
    jobs.on(event, (job: Job) => {
      for (const key of cronJobKeysOf(job)) queue.add(key)
    })
  }

  async function reconcile(key: string): Promise<number | undefined> {
    const [namespace, name = ''] = key.split('/')
    const cronJob = cronJobs.get(namespace, name)
    if (!cronJob) return undefined
    const own = jobsOf(key).filter(job => controllerOf(job)?.uid === cronJob.metadata.uid)
    const jobNamed = (wanted: string): Job | undefined => jobs.get(namespace, wanted)
    return await perform(reconcileCronJob({ cronJob, jobs: own, jobNamed }, clock.now()))
  }

  return { name: 'cronjob', queue, ready: () => Promise.all([cronJobs.synced, jobs.synced]), reconcile, log }
}

function cronJobKeysOf(job: Job): readonly string[] {
  const owner = controllerOf(job)
  return owner?.kind === 'CronJob' ? [`${job.metadata.namespace}/${owner.name}`] : []
}
