/** CronJobs: their defaults and what their schedule may say (pkg/apis/batch). */
import { parseCronSchedule } from '../../kube/cron-schedule.ts'
import type { KubeObject } from '../../kube/object.ts'
import { invalid, required } from '../resource/field-error.ts'
import type { Strategy } from '../resource/resource.ts'
import { type JobFields, validateJobSpec } from './jobs.ts'
import { templateDefaults } from './pod-defaults.ts'
import { type Errors, notNegative, oneOf, when } from './small-rules.ts'

interface CronJob extends KubeObject {
  readonly spec?: {
    readonly schedule?: string
    readonly timeZone?: string
    readonly concurrencyPolicy?: string
    readonly startingDeadlineSeconds?: number
    readonly successfulJobsHistoryLimit?: number
    readonly failedJobsHistoryLimit?: number
    readonly jobTemplate?: { readonly spec?: JobFields }
  }
}

export const CRON_JOB: Strategy<CronJob> = {
  hasGeneration: true,
  default: cronJob => (cronJob.spec ? { ...cronJob, spec: cronJobDefaults(cronJob.spec) } : cronJob),
  validate: validateCronJob,
}

/** The Job that comes of it gets its own defaults when it is made; its template's are filled in here. */
function cronJobDefaults(spec: NonNullable<CronJob['spec']>): NonNullable<CronJob['spec']> {
  const job = spec.jobTemplate?.spec
  return {
    concurrencyPolicy: 'Allow',
    ...{ suspend: false },
    successfulJobsHistoryLimit: 3,
    failedJobsHistoryLimit: 1,
    ...spec,
    ...(job?.template && {
      jobTemplate: { ...spec.jobTemplate, spec: { ...job, template: templateDefaults(job.template) } },
    }),
  }
}

/** A CronJob's Jobs have its name and eleven characters more. */
const MAX_NAME = 52

function validateCronJob({ metadata, spec }: CronJob): Errors {
  const { name = '' } = metadata
  const job = spec?.jobTemplate?.spec
  return [
    ...validateSchedule(spec?.schedule ?? '', spec?.timeZone),
    ...notNegative(spec?.startingDeadlineSeconds, 'spec.startingDeadlineSeconds'),
    ...oneOf(['Allow', 'Forbid', 'Replace'], spec?.concurrencyPolicy, 'spec.concurrencyPolicy'),
    ...notNegative(spec?.successfulJobsHistoryLimit, 'spec.successfulJobsHistoryLimit'),
    ...notNegative(spec?.failedJobsHistoryLimit, 'spec.failedJobsHistoryLimit'),
    ...validateJobSpec((job ?? {}) as JobFields, 'spec.jobTemplate.spec'),
    ...when(name.length > MAX_NAME, invalid('metadata.name', name, `must be no more than ${MAX_NAME} characters`)),
  ]
}

function validateSchedule(schedule: string, timeZone: string | undefined): Errors {
  const field = 'spec.schedule'
  const parsed = parseCronSchedule(schedule)
  if (schedule === '') return [required(field)]
  if (/^(CRON_)?TZ=/.test(schedule))
    return [invalid(field, schedule, 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead')]
  return [
    ...(parsed.kind === 'invalid' ? [invalid(field, schedule, parsed.message)] : []),
    ...when(
      timeZone !== undefined && !isTimeZone(timeZone),
      invalid('spec.timeZone', timeZone, `unknown time zone ${timeZone}`),
    ),
  ]
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }) !== undefined
  } catch {
    return false
  }
}
