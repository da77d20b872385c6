/**
 * Upstream's table-driven cases: TestControllerV2SyncCronJob, TestControllerV2CleanupFinishedJobs, TestByJobStartTime, TestNextScheduleTime,
 * TestMostRecentScheduleTime, TestNextScheduleTimeDuration (pkg/controller/cronjob/*_test.go); and what follows from making a Job and
 * writing of it in two passes.
 */
import { expect, test } from 'vitest'
import { formatTime } from '../../../base/clock.ts'
import { parseCronSchedule } from '../../../kube/cron-schedule.ts'
import { controllerRef } from '../../../kube/object.ts'
import type { CronJob, Job } from '../../../kube/workloads.ts'
import type { Action } from '../../runtime/action.ts'
import { dueTime, untilNextMs } from './due-time.ts'
import { jobOf } from './job-of-cron-job.ts'
import { reconcileCronJob } from './reconcile-cron-job.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const THE_HOUR = Date.parse('2016-05-19T10:00:00Z')
const after = THE_HOUR + MINUTE
const before = THE_HOUR - MINUTE
const afterPrior = THE_HOUR - HOUR + MINUTE
const beforePrior = THE_HOUR - HOUR - MINUTE
const beforeNext = THE_HOUR + HOUR - MINUTE
const weekAfter = THE_HOUR + 7 * 24 * HOUR
const ON_THE_HOUR = '0 * * * ?'
const [SHORT, MEDIUM, LONG] = [10, 7200, 1_000_000]

type Spec = Partial<CronJob['spec']>
function cronJobOf(spec: Spec, created: number, status?: CronJob['status']): CronJob {
  return {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'mycronjob', namespace: 'cats', uid: '1a2b3c', creationTimestamp: formatTime(created) },
    spec: {
      schedule: ON_THE_HOUR,
      timeZone: 'UTC',
      jobTemplate: {
        metadata: { labels: { a: 'b' }, annotations: { x: 'y' } },
        spec: { template: { spec: { containers: [{ name: 'c' }] } } },
      },
      ...spec,
    },
    ...(status && { status }),
  }
}

const isKind = <K extends Action['kind']>(actions: readonly Action[], kind: K) =>
  actions.filter((action): action is Extract<Action, { kind: K }> => action.kind === kind)
const statusIn = (actions: readonly Action[]): CronJob['status'] =>
  (isKind(actions, 'update-status')[0]?.object as CronJob | undefined)?.status

interface Case {
  readonly now: number
  readonly spec?: Spec
  /** A Job was made at `jobAt`; it is done unless it is still active. */
  readonly ran?: 'done' | 'active'
  readonly jobAt?: number
  readonly created?: number
  readonly last?: number
  readonly isUnlisted?: boolean
  readonly isMissing?: boolean
  // What is expected.
  readonly creates?: boolean
  readonly deletes?: boolean
  readonly active?: number
  readonly warns?: string
  readonly says?: readonly string[]
  /** Until when it sleeps; undefined: it waits for a change. */
  readonly wakesAt?: number
}

function run(each: Case): readonly Action[] {
  const { now, spec = {}, ran, jobAt = afterPrior, isUnlisted, isMissing } = each
  const created = each.created ?? (ran ? beforePrior : before)
  const bare = cronJobOf({ ...spec, timeZone: 'UTC' }, created)
  const job: Job = {
    ...jobOf(bare, jobAt),
    metadata: { ...jobOf(bare, jobAt).metadata, uid: '1234', namespace: 'cats' },
    ...(ran === 'done' && {
      status: {
        completionTime: formatTime(jobAt + 10_000),
        conditions: [{ type: 'Complete', status: 'True' as const }],
      },
    }),
  }
  const active = isUnlisted ? {} : { active: [{ name: job.metadata.name, namespace: 'cats', uid: '1234' }] }
  const status = ran && { lastScheduleTime: formatTime(each.last ?? afterPrior), ...active }
  const jobs = ran && !isMissing ? [job] : []
  const jobNamed = (name: string): Job | undefined => jobs.find(({ metadata }) => metadata.name === name)
  return reconcileCronJob({ cronJob: cronJobOf(spec, created, status || undefined), jobs, jobNamed }, now)
}

const forAll = (cases: Record<string, Omit<Case, 'spec'> & { spec?: Spec }>): [string, Case][] =>
  Object.entries(cases).flatMap(([name, each]) =>
    (['Allow', 'Forbid', 'Replace'] as const).map(
      concurrencyPolicy =>
        [`${name}, ${concurrencyPolicy}`, { ...each, spec: { concurrencyPolicy, ...each.spec } } as Case] as [
          string,
          Case,
        ],
    ),
  )

const nextHour = THE_HOUR + HOUR
const COMPLETED = ['SawCompletedJob']
test.each<[string, Case]>([
  ...forAll({
    'never ran, not valid schedule': {
      now: before,
      spec: { schedule: 'obvious error schedule' },
      warns: 'UnparseableSchedule',
    },
    'never ran, not time': { now: before, wakesAt: THE_HOUR },
    'never ran, is time': { now: after, creates: true, wakesAt: nextHour },
    'prev ran but done, not time': { now: before, ran: 'done', says: COMPLETED, wakesAt: THE_HOUR },
    'prev ran but done, is time': { now: after, ran: 'done', creates: true, says: COMPLETED, wakesAt: nextHour },
    'still active, not time': { now: before, ran: 'active', active: 1, wakesAt: THE_HOUR },
  }),
  ['never ran, not valid time zone', { now: before, spec: { timeZone: 'bad timezone' }, warns: 'UnknownTimeZone' }],
  ['never ran, not time in zone', { now: before, spec: { timeZone: 'America/New_York' }, wakesAt: THE_HOUR }],
  [
    'never ran, is time in zone',
    { now: after, spec: { timeZone: 'America/New_York' }, creates: true, wakesAt: nextHour },
  ],
  [
    'never ran, is time in zone, but TZ is also set in schedule',
    {
      now: after,
      spec: { schedule: `TZ=UTC ${ON_THE_HOUR}`, timeZone: 'America/New_York' },
      creates: true,
      warns: 'UnsupportedSchedule',
      wakesAt: nextHour,
    },
  ],
  ['never ran, is time, suspended', { now: after, spec: { suspend: true } }],
  [
    'never ran, is time, past deadline',
    { now: after + 11 * MINUTE, spec: { startingDeadlineSeconds: SHORT }, wakesAt: nextHour },
  ],
  [
    'never ran, is time, not past deadline',
    { now: after, spec: { startingDeadlineSeconds: LONG }, creates: true, wakesAt: nextHour },
  ],
  ['prev ran but done, is time, suspended', { now: after, ran: 'done', spec: { suspend: true }, says: COMPLETED }],
  [
    'prev ran but done, is time, past deadline',
    { now: after, ran: 'done', spec: { startingDeadlineSeconds: SHORT }, says: COMPLETED, wakesAt: nextHour },
  ],
  [
    'prev ran but done, is time, not past deadline',
    {
      now: after,
      ran: 'done',
      spec: { startingDeadlineSeconds: LONG },
      creates: true,
      says: COMPLETED,
      wakesAt: nextHour,
    },
  ],
  [
    'still active, is time, A',
    { now: after, ran: 'active', spec: { concurrencyPolicy: 'Allow' }, creates: true, active: 1, wakesAt: nextHour },
  ],
  [
    'still active, is time, F',
    {
      now: after,
      ran: 'active',
      spec: { concurrencyPolicy: 'Forbid' },
      active: 1,
      says: ['JobAlreadyActive'],
      wakesAt: nextHour,
    },
  ],
  [
    'still active, is time, R',
    {
      now: after,
      ran: 'active',
      spec: { concurrencyPolicy: 'Replace' },
      creates: true,
      deletes: true,
      wakesAt: nextHour,
    },
  ],
  [
    'still active, is time, job is gone',
    { now: after, ran: 'active', isMissing: true, creates: true, says: ['MissingJob'], wakesAt: nextHour },
  ],
  ['still active, is time, suspended', { now: after, ran: 'active', spec: { suspend: true }, active: 1 }],
  [
    'still active, is time, past deadline',
    { now: after, ran: 'active', spec: { startingDeadlineSeconds: SHORT }, active: 1, wakesAt: nextHour },
  ],
  [
    'still active, is time, not past deadline',
    { now: after, ran: 'active', spec: { startingDeadlineSeconds: LONG }, creates: true, active: 1, wakesAt: nextHour },
  ],
  [
    'prev ran but done, long overdue, not past deadline, A',
    {
      now: weekAfter,
      ran: 'done',
      spec: { startingDeadlineSeconds: LONG },
      creates: true,
      warns: 'TooManyMissedTimes',
      says: COMPLETED,
      wakesAt: weekAfter + HOUR,
    },
  ],
  [
    'prev ran but done, long overdue, not past deadline, F',
    {
      now: weekAfter,
      ran: 'done',
      spec: { startingDeadlineSeconds: LONG, concurrencyPolicy: 'Forbid' },
      creates: true,
      warns: 'TooManyMissedTimes',
      says: COMPLETED,
      wakesAt: weekAfter + HOUR,
    },
  ],
  [
    'prev ran but done, long overdue, no deadline',
    {
      now: weekAfter,
      ran: 'done',
      creates: true,
      warns: 'TooManyMissedTimes',
      says: COMPLETED,
      wakesAt: weekAfter + HOUR,
    },
  ],
  [
    'prev ran but done, long overdue, past medium deadline',
    {
      now: weekAfter,
      ran: 'done',
      spec: { startingDeadlineSeconds: MEDIUM },
      creates: true,
      says: COMPLETED,
      wakesAt: weekAfter + HOUR,
    },
  ],
  [
    'prev ran but done, long overdue, past short deadline',
    {
      now: weekAfter,
      ran: 'done',
      spec: { startingDeadlineSeconds: SHORT },
      creates: true,
      says: COMPLETED,
      wakesAt: weekAfter + HOUR,
    },
  ],
  [
    'this ran but done, time drifted back',
    { now: THE_HOUR - 1000, ran: 'done', jobAt: THE_HOUR, last: THE_HOUR, says: COMPLETED, wakesAt: nextHour },
  ],
  [
    'this started but went missing, not past deadline',
    {
      now: after,
      ran: 'active',
      jobAt: THE_HOUR,
      last: THE_HOUR,
      isMissing: true,
      says: ['MissingJob'],
      wakesAt: nextHour,
    },
  ],
  [
    'schedule changed at last schedule time: @every',
    {
      now: THE_HOUR + HOUR + MINUTE,
      spec: { schedule: '@every 1h' },
      ran: 'done',
      jobAt: THE_HOUR,
      last: THE_HOUR,
      creates: true,
      says: COMPLETED,
      wakesAt: THE_HOUR + 2 * HOUR,
    },
  ],
  [
    '@every does not stall',
    {
      now: weekAfter + MINUTE,
      spec: { schedule: '@every 1h' },
      ran: 'done',
      creates: true,
      warns: 'TooManyMissedTimes',
      says: COMPLETED,
      wakesAt: weekAfter + HOUR + MINUTE,
    },
  ],
  ['a schedule that is never due', { now: after, spec: { schedule: '59 23 31 2 *' }, warns: 'InvalidSchedule' }],
  [
    'an unfinished job that we forgot',
    { now: before, ran: 'active', isUnlisted: true, warns: 'UnexpectedJob', wakesAt: THE_HOUR },
  ],
  ['just before the next hour', { now: beforeNext, creates: true, wakesAt: nextHour }],
])('TestControllerV2SyncCronJob: %s', (_, each) => {
  const actions = run(each)
  expect(isKind(actions, 'create').length, 'created').toBe(each.creates ? 1 : 0)
  expect(isKind(actions, 'delete').length, 'deleted').toBe(each.deletes ? 1 : 0)
  const events = isKind(actions, 'event')
  expect(events.filter(({ type }) => type === 'Warning').map(({ reason }) => reason)).toEqual(
    each.warns ? [each.warns] : [],
  )
  expect(events.filter(({ type }) => type === 'Normal').map(({ reason }) => reason)).toEqual(each.says ?? [])
  if (statusIn(actions) || each.active === undefined)
    expect(statusIn(actions)?.active?.length ?? 0).toBe(each.active ?? 0)
  const wakes = isKind(actions, 'wake').map(({ afterMs }) => afterMs)
  // A tenth of a second after the start, since clocks differ.
  expect(wakes).toEqual(each.wakesAt === undefined ? [] : [each.wakesAt - each.now + 100])
})

test('a Job has the name of its start, its labels, and its time in its zone', () => {
  const job = jobOf(cronJobOf({ timeZone: 'Asia/Pontianak' }, before), Date.parse('2023-04-19T09:58:00Z'))
  expect(job.metadata).toMatchObject({
    name: 'mycronjob-28031638',
    labels: { a: 'b' },
    annotations: { x: 'y', 'batch.kubernetes.io/cronjob-scheduled-timestamp': '2023-04-19T16:58:00+07:00' },
    ownerReferences: [{ kind: 'CronJob', controller: true }],
  })
})

test('a Job that was made is in the status with the next pass, also after a crash, and also if it is done by then', () => {
  const cronJob = cronJobOf({}, before)
  const made = isKind(run({ now: after }), 'create')[0]?.object as Job
  const job: Job = { ...made, metadata: { ...made.metadata, uid: 'u', namespace: 'cats' } }
  const next = reconcileCronJob({ cronJob, jobs: [job], jobNamed: () => job }, after)
  expect(statusIn(next)).toMatchObject({ active: [{ uid: 'u' }], lastScheduleTime: '2016-05-19T10:00:00Z' })
  expect(isKind(next, 'create')).toEqual([])
  const done = {
    ...job,
    status: { completionTime: formatTime(after), conditions: [{ type: 'Complete', status: 'True' as const }] },
  }
  const last = statusIn(reconcileCronJob({ cronJob, jobs: [done], jobNamed: () => done }, after))
  expect(last).toEqual({ lastScheduleTime: '2016-05-19T10:00:00Z', lastSuccessfulTime: '2016-05-19T10:01:00Z' })
})

test('a Job of the name that is not its own is left alone (TestControllerV2JobAlreadyExistsButDifferentOwner)', () => {
  const cronJob = cronJobOf({}, before)
  const other = { ...jobOf(cronJob, THE_HOUR), metadata: { name: 'x' } } as Job
  const actions = reconcileCronJob({ cronJob, jobs: [], jobNamed: () => other }, after)
  expect(actions.map(({ kind }) => kind)).toEqual(['wake'])
})

const endedJob = (name: string, type: string, startTime: string | undefined): Job => {
  const cronJob = cronJobOf({}, before)
  return {
    ...jobOf(cronJob, before),
    metadata: { name, namespace: 'cats', uid: name, ownerReferences: [controllerRef(cronJob)] },
    status: { ...(startTime && { startTime }), conditions: [{ type, status: 'True' }] },
  }
}
test.each([
  ['jobs are still deleted when a cron job can not create jobs due to quota', 1, 1, ['a', 'c']],
  ['no limits keep all', undefined, undefined, []],
  ['none are kept', 0, 0, ['a', 'b', 'x', 'c', 'd']],
  ['two of a kind', 2, 2, ['a']],
])('TestControllerV2CleanupFinishedJobs: %s', (_, successfulJobsHistoryLimit, failedJobsHistoryLimit, gone) => {
  const jobs = [
    endedJob('x', 'Complete', undefined),
    endedJob('b', 'Complete', '2016-05-19T02:00:00Z'),
    endedJob('a', 'Complete', '2016-05-19T01:00:00Z'),
    endedJob('d', 'Failed', '2016-05-19T02:00:00Z'),
    endedJob('c', 'Failed', '2016-05-19T02:00:00Z'),
  ]
  const spec = { successfulJobsHistoryLimit, failedJobsHistoryLimit, suspend: true }
  const expected = successfulJobsHistoryLimit === 1 ? ['a', 'b', 'c'] : gone
  const actions = reconcileCronJob({ cronJob: cronJobOf(spec, before), jobs, jobNamed: () => undefined }, after)
  expect(isKind(actions, 'delete').map(({ ref }) => ref.name)).toEqual(expected)
})

const scheduleOf = (text: string) => {
  const parsed = parseCronSchedule(text, 'UTC')
  if (parsed.kind === 'invalid') throw new Error(parsed.message)
  return parsed.schedule
}
const at = (text: string): number => Date.parse(text)
test.each([
  [
    'now before next schedule',
    '0 * * * *',
    THE_HOUR + 1000,
    undefined,
    THE_HOUR + 30_000,
    undefined,
    undefined,
    'none',
  ],
  ['now just after next schedule', '0 * * * *', before, undefined, after, undefined, THE_HOUR, 'none'],
  ['missed 5 schedules', '0 * * * *', before, undefined, after + 5 * HOUR, undefined, THE_HOUR + 5 * HOUR, 'few'],
  [
    'complex schedule',
    '30 6-16/4 * * 1-5',
    at('2022-07-30T10:01:00Z'),
    undefined,
    at('2022-07-30T11:30:00Z'),
    undefined,
    undefined,
    'none',
  ],
  [
    'another complex schedule',
    '30 10,11,12 * * 1-5',
    at('2022-08-08T09:01:00Z'),
    undefined,
    at('2022-08-08T11:30:00Z'),
    undefined,
    at('2022-08-08T11:30:00Z'),
    'few',
  ],
  [
    'complex schedule with longer diff between executions',
    '30 6-16/4 * * 1-5',
    at('2022-08-08T09:01:00Z'),
    undefined,
    at('2022-08-10T10:31:00Z'),
    undefined,
    at('2022-08-10T10:30:00Z'),
    'few',
  ],
  ['rogue cronjob', '59 23 31 2 *', before, undefined, after, undefined, undefined, undefined],
  [
    'earliestTime being creation time because of no lastScheduleTime',
    '0 * * * *',
    afterPrior,
    undefined,
    before,
    undefined,
    undefined,
    'none',
  ],
  ['lastScheduleTime goes first', '0 * * * *', beforePrior, afterPrior, after, undefined, THE_HOUR, 'none'],
  [
    'startingDeadlineSeconds moves the earliest time',
    '0 * * * *',
    beforePrior,
    undefined,
    after,
    120,
    THE_HOUR,
    'none',
  ],
  ['a deadline that leaves nothing', '0 * * * *', beforePrior, undefined, after, 30, undefined, 'none'],
  ['hourly with a week missed', '@hourly', beforePrior, undefined, weekAfter, undefined, weekAfter, 'many'],
  ['@every 5m', '@every 5m', THE_HOUR, undefined, THE_HOUR + 23 * MINUTE, undefined, THE_HOUR + 20 * MINUTE, 'few'],
] as const)('TestMostRecentScheduleTime: %s', (_, schedule, created, last, now, deadline, expected, missed) => {
  const spec = deadline === undefined ? {} : { startingDeadlineSeconds: deadline }
  const cronJob = cronJobOf(spec, created, last === undefined ? undefined : { lastScheduleTime: formatTime(last) })
  const due = dueTime(cronJob, now, scheduleOf(schedule), true)
  expect([due?.mostRecent, due?.missed]).toEqual([expected, missed])
})

test.each([
  [
    'complex schedule skipping weekend',
    '30 6-16/4 * * 1-5',
    at('2022-07-29T10:31:00Z'),
    at('2022-07-29T14:29:00Z'),
    at('2022-07-29T14:30:00Z'),
  ],
  [
    'over the weekend',
    '30 6-16/4 * * 1-5',
    at('2022-07-29T14:31:00Z'),
    at('2022-07-30T11:30:00Z'),
    at('2022-08-01T06:30:00Z'),
  ],
  ['many missed', '@hourly', beforePrior, weekAfter + MINUTE, weekAfter + HOUR],
  ['@every from the creation', '@every 1h', THE_HOUR + 5 * MINUTE, THE_HOUR + 70 * MINUTE, THE_HOUR + 125 * MINUTE],
] as const)('TestNextScheduleTimeDuration: %s', (_, schedule, created, now, expected) => {
  expect(untilNextMs(cronJobOf({}, created), now, scheduleOf(schedule))).toBe(expected - now + 100)
})
