/** Jobs, Deployments and their like: defaults, refusals, what may not change. */
import { apis, mergePatch, post, put, type Scenario, scenario } from './request.ts'

const C = { name: 'c', image: 'i:1' }
const template = (spec: object = {}, labels: object = { a: 'b' }) => ({
  metadata: { labels },
  spec: { containers: [C], ...spec },
})
const make =
  (apiVersion: string, kind: string) =>
  (spec: object | undefined, name = 'x') => ({ apiVersion, kind, metadata: { name }, ...(spec && { spec }) })
const job = make('batch/v1', 'Job')
const never = template({ restartPolicy: 'Never' }, {})
const cron = make('batch/v1', 'CronJob')
const deployment = make('apps/v1', 'Deployment')
const set = make('apps/v1', 'ReplicaSet')
const stateful = make('apps/v1', 'StatefulSet')
const daemon = make('apps/v1', 'DaemonSet')
const selecting = (spec: object = {}) => ({ selector: { matchLabels: { a: 'b' } }, template: template(), ...spec })
const dry = (plural: string, bodies: readonly object[], group = 'apps/v1') =>
  bodies.map(body => post(`${apis(group, plural)}?dryRun=All`, body))
const jobs = apis('batch/v1', 'jobs', 'x')
const jobTemplate = { spec: { template: never } }

export const WORKLOADS: readonly Scenario[] = [
  scenario(
    'job defaults',
    ...dry(
      'jobs',
      [
        job({ template: never }),
        job({ template: never, parallelism: 2 }),
        job({ template: never, completions: 3, completionMode: 'Indexed' }),
        job({ template: never, backoffLimitPerIndex: 1, completions: 2, completionMode: 'Indexed' }),
        job({
          template: never,
          podFailurePolicy: { rules: [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget' }] }] },
        }),
        job({ template: never, suspend: true, ttlSecondsAfterFinished: 5, activeDeadlineSeconds: 7 }),
        job({ template: template({ restartPolicy: 'OnFailure' }) }),
        job({ template: never, manualSelector: true, selector: { matchLabels: { z: 'y' } } }),
        job({ template: never, managedBy: 'x.example/y' }),
        job({
          template: never,
          successPolicy: { rules: [{ succeededCount: 1 }] },
          completions: 2,
          completionMode: 'Indexed',
        }),
      ],
      'batch/v1',
    ),
  ),
  scenario(
    'job refused',
    ...dry(
      'jobs',
      [
        job(undefined),
        job({}),
        job({ template: template() }),
        job({ template: template({ restartPolicy: 'Always' }) }),
        job({ template: never, parallelism: -1, completions: -1, backoffLimit: -1 }),
        job({ template: never, activeDeadlineSeconds: -1, ttlSecondsAfterFinished: -1 }),
        job({ template: never, completionMode: 'Nonsense' }),
        job({ template: never, completionMode: 'Indexed' }),
        job({ template: never, completionMode: 'Indexed', completions: 2 }, 'x'.repeat(63)),
        job({ template: never, selector: { matchLabels: { a: 'b' } } }),
        job({ template: never, backoffLimitPerIndex: 1 }),
        job({ template: never, maxFailedIndexes: 1 }),
        job({ template: never, podReplacementPolicy: 'x' }),
        job({ template: never, podFailurePolicy: { rules: [{ action: 'x' }] } }),
        job({ template: template({ restartPolicy: 'OnFailure' }), podFailurePolicy: { rules: [] } }),
        job({ template: never, successPolicy: { rules: [] } }),
        job({ template: never, managedBy: 'not qualified' }),
        job({ template: template({ restartPolicy: 'Never', containers: [] }) }),
        job({ template: template({ restartPolicy: 'Never', containers: [{ name: 'Bad_' }] }) }),
        job({ template: never }, 'Bad_Name'),
        job({ template: never, completions: 200000, parallelism: 200000, completionMode: 'Indexed' }),
      ],
      'batch/v1',
    ),
  ),
  scenario(
    'job updates',
    post(apis('batch/v1', 'jobs'), job({ template: never, completions: 2, suspend: true })),
    mergePatch(jobs, { spec: { parallelism: 2 } }),
    mergePatch(jobs, { spec: { completions: 3 } }),
    mergePatch(jobs, { spec: { completionMode: 'Indexed' } }),
    mergePatch(jobs, { spec: { selector: { matchLabels: { x: 'y' } } } }),
    mergePatch(jobs, { spec: { template: { spec: { nodeSelector: { a: 'b' } } } } }),
    mergePatch(jobs, { spec: { template: { spec: { containers: [{ ...C, image: 'i:2' }] } } } }),
    mergePatch(jobs, { spec: { suspend: false } }),
    mergePatch(jobs, { spec: { template: { spec: { nodeSelector: { a: 'c' } } } } }),
    mergePatch(jobs, { spec: { backoffLimit: 1, ttlSecondsAfterFinished: 3, activeDeadlineSeconds: 9 } }),
    mergePatch(`${jobs}/status`, { status: { active: 1, startTime: '2026-01-01T00:00:00Z' } }),
    mergePatch(`${jobs}/status`, { status: { active: -1 } }),
    mergePatch(`${jobs}/status`, {
      status: {
        conditions: [
          { type: 'Complete', status: 'True' },
          { type: 'Failed', status: 'True' },
        ],
      },
    }),
  ),
  scenario(
    'cron job',
    ...dry(
      'cronjobs',
      [
        cron({ schedule: '* * * * *', jobTemplate }),
        cron({ schedule: '@hourly', jobTemplate, timeZone: 'Etc/UTC', suspend: true }),
        cron({ schedule: 'nonsense', jobTemplate }),
        cron({ jobTemplate }),
        cron({ schedule: '* * * * *' }),
        cron({
          schedule: '* * * * *',
          jobTemplate,
          concurrencyPolicy: 'x',
          startingDeadlineSeconds: -1,
          successfulJobsHistoryLimit: -1,
        }),
        cron({ schedule: '* * * * *', jobTemplate, timeZone: 'Nowhere/Land' }),
        cron({ schedule: 'TZ=UTC * * * * *', jobTemplate }),
        cron({ schedule: '* * * * *', jobTemplate }, 'x'.repeat(53)),
      ],
      'batch/v1',
    ),
  ),
  scenario(
    'deployment',
    ...dry('deployments', [
      deployment(selecting()),
      deployment(selecting({ strategy: { type: 'Recreate' } })),
      deployment(
        selecting({
          strategy: { rollingUpdate: { maxSurge: 1 } },
          replicas: 0,
          paused: true,
          minReadySeconds: 3,
          revisionHistoryLimit: 0,
        }),
      ),
      deployment(undefined),
      deployment({}),
      deployment({ template: template() }),
      deployment({ selector: {}, template: template() }),
      deployment(selecting({ selector: { matchLabels: { x: 'y' } } })),
      deployment(selecting({ selector: { matchExpressions: [{ key: 'a', operator: 'In' }] } })),
      deployment(
        selecting({
          selector: {
            matchExpressions: [
              { key: 'a', operator: 'Nonsense', values: ['b'] },
              { key: 'a', operator: 'Exists', values: ['b'] },
            ],
          },
        }),
      ),
      deployment(
        selecting({ replicas: -1, minReadySeconds: -1, revisionHistoryLimit: -1, progressDeadlineSeconds: -1 }),
      ),
      deployment(selecting({ minReadySeconds: 600 })),
      deployment(selecting({ strategy: { type: 'x' } })),
      deployment(selecting({ strategy: { type: 'Recreate', rollingUpdate: {} } })),
      deployment(selecting({ strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 0 } } })),
      deployment(selecting({ strategy: { rollingUpdate: { maxSurge: 'x%', maxUnavailable: '200%' } } })),
      deployment(selecting({ strategy: { rollingUpdate: { maxSurge: -1 } } })),
      deployment(selecting({ template: template({ restartPolicy: 'Never' }) })),
      deployment(selecting({ template: template({ activeDeadlineSeconds: 5 }) })),
      deployment(
        selecting({ template: template({ containers: [{ name: 'c', image: 'i', ports: [{ containerPort: 0 }] }] }) }),
      ),
    ]),
  ),
  scenario(
    'deployment updates',
    post(apis('apps/v1', 'deployments'), deployment(selecting())),
    mergePatch(apis('apps/v1', 'deployments', 'x'), { spec: { replicas: 2 } }),
    mergePatch(apis('apps/v1', 'deployments', 'x'), { metadata: { labels: { a: 'b' } } }),
    mergePatch(apis('apps/v1', 'deployments', 'x'), { spec: { selector: { matchLabels: { a: 'c' } } } }),
    mergePatch(apis('apps/v1', 'deployments', 'x'), {
      spec: { selector: { matchLabels: { c: 'd' } }, template: { metadata: { labels: { c: 'd' } } } },
    }),
    mergePatch(`${apis('apps/v1', 'deployments', 'x')}/status`, { status: { replicas: 2, readyReplicas: 3 } }),
    mergePatch(`${apis('apps/v1', 'deployments', 'x')}/status`, {
      status: { replicas: 2, readyReplicas: 1, observedGeneration: 2 },
    }),
    mergePatch(`${apis('apps/v1', 'deployments', 'x')}/status`, { status: { replicas: -2 } }),
    put(apis('apps/v1', 'deployments', 'x'), deployment(selecting())),
  ),
  scenario(
    'replica set',
    ...dry('replicasets', [
      set(selecting()),
      set(undefined),
      set({ selector: {}, template: template() }),
      set(selecting({ replicas: -1 })),
      set(selecting({ selector: { matchLabels: { x: 'y' } } })),
      set({ selector: { matchLabels: { a: 'b' } } }),
    ]),
  ),
  scenario(
    'stateful set',
    ...dry('statefulsets', [
      stateful(selecting({ serviceName: 's' })),
      stateful(selecting()),
      stateful(selecting({ podManagementPolicy: 'x', updateStrategy: { type: 'y' } })),
      stateful(
        selecting({
          updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 1 } },
          ordinals: { start: 2 },
        }),
      ),
      stateful(
        selecting({
          volumeClaimTemplates: [
            {
              metadata: { name: 'v' },
              spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
            },
          ],
        }),
      ),
      stateful({ template: template() }),
      stateful(selecting({ replicas: -1 })),
      stateful(selecting({ persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete' } })),
    ]),
  ),
  scenario(
    'stateful set updates',
    post(apis('apps/v1', 'statefulsets'), stateful(selecting({ serviceName: 's' }))),
    mergePatch(apis('apps/v1', 'statefulsets', 'x'), { spec: { serviceName: 't' } }),
    mergePatch(apis('apps/v1', 'statefulsets', 'x'), { spec: { replicas: 3, minReadySeconds: 1 } }),
  ),
  scenario(
    'daemon set',
    ...dry('daemonsets', [
      daemon(selecting()),
      daemon(selecting({ updateStrategy: { type: 'OnDelete' } })),
      daemon(selecting({ updateStrategy: { type: 'x' } })),
      daemon({ template: template() }),
      daemon(selecting({ template: template({ restartPolicy: 'OnFailure' }) })),
    ]),
  ),
]
