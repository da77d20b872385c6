/** examples/scaling, through the command line: what is scaled, and what is judged. */
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { HorizontalPodAutoscaler } from '../../src/kube/autoscaling.ts'
import type { Condition } from '../../src/kube/object.ts'
import type { Deployment, Job } from '../../src/kube/workloads.ts'
import { EmbeddedCluster, eventually, repository } from './embedded-cluster.ts'

let cluster: EmbeddedCluster
beforeAll(async () => {
  cluster = await EmbeddedCluster.up()
  const { code, stderr } = await cluster.solvent(['apply', '-f', join(repository, 'examples/scaling/scaling.yaml')])
  expect(`${code} ${stderr}`).toBe('0 ')
})
afterAll(() => cluster.down())

const json = async <T>(kind: string, name: string): Promise<T> =>
  JSON.parse((await cluster.solvent(['get', kind, name, '-o', 'json'])).stdout)
const reasonOf = (status: { conditions?: readonly Condition[] } | undefined, type: string): string | undefined =>
  status?.conditions?.find(each => each.type === type && each.status === 'True')?.reason

test('a Job that fails by its policy fails at once; one that has what it needs gives up the rest', async () => {
  await eventually(
    'judged',
    10_000,
    async () => reasonOf((await json<Job>('job', 'judged')).status, 'Failed') === 'PodFailurePolicy',
  )
  expect((await json<Job>('job', 'judged')).status?.failed).toBe(1)
  await eventually(
    'leader',
    10_000,
    async () => reasonOf((await json<Job>('job', 'leader')).status, 'Complete') === 'SuccessPolicy',
  )
  expect((await json<Job>('job', 'leader')).status?.completedIndexes).toBe('0')
})

test('an autoscaler brings its Deployment to the least that it asks for, and reads the rate of its pods', async () => {
  await eventually(
    'two replicas',
    20_000,
    async () => (await json<Deployment>('deployment', 'counted')).status?.readyReplicas === 2,
  )
  const known = async () => (await json<HorizontalPodAutoscaler>('hpa', 'counted')).status
  await eventually('a rate', 60_000, async () => reasonOf(await known(), 'ScalingActive') === 'ValidMetricFound')
  expect((await known())?.currentMetrics?.[0]?.pods?.current.averageValue).toBe('0')
}, 90_000)
