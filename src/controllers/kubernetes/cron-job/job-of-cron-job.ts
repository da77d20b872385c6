/** The Job that a CronJob makes for one start. Its name is the start's: two that make it at once make one. */
import type { Instant } from '../../../base/clock.ts'
import { controllerRef } from '../../../kube/object.ts'
import type { CronJob, Job } from '../../../kube/workloads.ts'
import { formatIn } from './due-time.ts'

export const SCHEDULED_TIME = 'batch.kubernetes.io/cronjob-scheduled-timestamp'

/** Minutes are the finest that a schedule knows. */
export const jobNameOf = ({ metadata }: CronJob, scheduled: Instant): string =>
  `${metadata.name}-${Math.floor(scheduled / 60_000)}`

export function jobOf(cronJob: CronJob, scheduled: Instant): Job {
  const { metadata, spec } = cronJob.spec.jobTemplate
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: jobNameOf(cronJob, scheduled),
      namespace: cronJob.metadata.namespace,
      labels: { ...metadata?.labels },
      annotations: { ...metadata?.annotations, [SCHEDULED_TIME]: formatIn(scheduled, cronJob.spec.timeZone) },
      ownerReferences: [controllerRef(cronJob)],
    },
    spec,
  }
}

/** For which start the CronJob made this Job; undefined for a Job that somebody else made in its name. */
export function scheduledTimeOf(cronJob: CronJob, job: Job): Instant | undefined {
  const at = Date.parse(job.metadata.annotations?.[SCHEDULED_TIME] ?? '')
  return jobNameOf(cronJob, at) === job.metadata.name ? at : undefined
}
