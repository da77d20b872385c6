/** CronJob and autoscaler with all around them but time and network: our API server in process, a clock that the test moves. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ensurePki } from '../../src/apiserver/pki/pki.ts'
import { createApiServer } from '../../src/apiserver/server.ts'
import { memoryStore } from '../../src/apiserver/store/open-store.ts'
import { formatTime } from '../../src/base/clock.ts'
import type { KubeApi } from '../../src/client/kube-api.ts'
import { createManualClock, type ManualClock } from '../../src/client/manual-clock.ts'
import { cronJobController } from '../../src/controllers/kubernetes/cron-job/cron-job-controller.ts'
import { horizontalPodAutoscalerController } from '../../src/controllers/kubernetes/horizontal-pod-autoscaler/horizontal-pod-autoscaler-controller.ts'
import { type ControllerContext, createContext } from '../../src/controllers/runtime/context.ts'
import { createInformers } from '../../src/controllers/runtime/informers.ts'
import { type Controller, runController } from '../../src/controllers/runtime/run-controller.ts'
import type { HorizontalPodAutoscaler } from '../../src/kube/autoscaling.ts'
import type { Pod } from '../../src/kube/core.ts'
import { type KubeObject, refOf } from '../../src/kube/object.ts'
import type { CronJob, Deployment, Job } from '../../src/kube/workloads.ts'
import { namespace } from './cluster-in-process.ts'

let api: KubeApi
let clock: ManualClock
let context: ControllerContext
const ends: (() => Promise<void> | void)[] = []

beforeEach(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'solvent-test-'))
  const server = createApiServer({ store: memoryStore(), pki: ensurePki(folder) })
  api = server.api
  clock = createManualClock(Date.parse('2026-01-01T12:00:30Z'))
  const informers = createInformers(api, clock, () => {})
  context = createContext(api, clock, informers, () => {})
  ends.push(
    () => server.close(),
    () => rmSync(folder, { recursive: true }),
    () => informers.stop(),
  )
  await api.create(namespace('default')).catch(() => {})
  await api.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace: 'default' } })
})
afterEach(async () => {
  for (const end of ends.reverse()) await end()
  ends.length = 0
})

function run(controller: Controller): void {
  context.informers.start()
  const running = runController(controller)
  ends.push(() => running.stop())
}

async function when<T extends KubeObject>(apiVersion: string, kind: string, holds: (object: T) => boolean): Promise<T> {
  const options = { sendInitialEvents: true, signal: AbortSignal.timeout(10_000) }
  for await (const { type, object } of api.watch<T>({ apiVersion, kind, namespace: 'default' }, options)) {
    if (type !== 'BOOKMARK' && type !== 'DELETED' && holds(object)) return object
  }
  throw new Error(`no ${kind} ever was like that`)
}

const metadata = { name: 'web', namespace: 'default' }
const labels = { app: 'web' }

test('a load ten times as high is met in two periods of 15 s, 1 to 5 to 10, and left again after stabilisation', async () => {
  /** Requests a second of all pods together, and how many each has answered. */
  let load = 20
  const answered = new Map<string, number>()
  const fetchText = async (url: string): Promise<string> =>
    `http_requests_total ${answered.get(new URL(url).hostname) ?? 0}\n`

  const addresses: string[] = []
  async function setReplicas(count: number): Promise<void> {
    const pods = (await api.list<Pod>({ apiVersion: 'v1', kind: 'Pod', namespace: 'default' })).items
    for (let i = pods.length; i < count; i++) {
      const container = { name: 'c', image: 'x', ports: [{ containerPort: 80 }] }
      const pod = {
        ...{ apiVersion: 'v1', kind: 'Pod' },
        metadata: { name: `web-${i}`, namespace: 'default', labels, annotations: { 'prometheus.io/scrape': 'true' } },
        spec: { containers: [container] },
      }
      const podIP = `10.0.0.${i + 1}`
      const status = { phase: 'Running', podIP, startTime: formatTime(clock.now()) }
      await api.create(pod)
      await api.patch(refOf(pod), 'merge', { status }, { subresource: 'status' })
      addresses.push(podIP)
    }
  }
  /** Time goes on second by second, since the load does. */
  async function pass(seconds: number): Promise<void> {
    for (let i = 0; i < seconds; i++) {
      for (const address of addresses) answered.set(address, (answered.get(address) ?? 0) + load / addresses.length)
      clock.advance(1000)
      for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
    }
  }
  const wanted = async (): Promise<number | undefined> =>
    (await api.get<Deployment>({ apiVersion: 'apps/v1', kind: 'Deployment', ...metadata })).spec.replicas

  const template = { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'x' }] } }
  await api.create({
    ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata },
    spec: { selector: { matchLabels: labels }, template },
  } as KubeObject)
  await setReplicas(1)
  const target = { type: 'AverageValue' as const, averageValue: '20' }
  const autoscaler: HorizontalPodAutoscaler = {
    ...{ apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata },
    spec: {
      ...{
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
        minReplicas: 1,
        maxReplicas: 10,
      },
      behavior: { scaleDown: { stabilizationWindowSeconds: 60 } },
      metrics: [{ type: 'Pods', pods: { metric: { name: 'http_requests_per_second' }, target } }],
    },
  }
  await api.create(autoscaler)
  run(horizontalPodAutoscalerController(context, { fetchText }))
  const rate = (of: HorizontalPodAutoscaler) => of.status?.currentMetrics?.[0]?.pods?.current.averageValue
  const calm = when<HorizontalPodAutoscaler>('autoscaling/v2', 'HorizontalPodAutoscaler', each => rate(each) === '20')
  await pass(31)
  await calm
  expect(await wanted()).toBe(1)

  load = 200
  await pass(15)
  expect(await wanted()).toBe(5)
  await setReplicas(5)
  await pass(16)
  expect(await wanted()).toBe(10)
  await setReplicas(10)
  await pass(16)
  expect(await wanted()).toBe(10)

  load = 20
  await pass(40)
  expect(await wanted()).toBe(10)
  await pass(45)
  expect(await wanted()).toBe(1)
})

test('a CronJob makes the Job of a start that is due, knows it, and sees it end', async () => {
  const cronJob: CronJob = {
    ...{ apiVersion: 'batch/v1', kind: 'CronJob', metadata },
    spec: {
      ...{ schedule: '* * * * *', timeZone: 'UTC' },
      jobTemplate: {
        spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'x' }] } } },
      },
    },
  }
  const { metadata: made } = await api.create<CronJob>(cronJob)
  const lastScheduleTime = formatTime(clock.now() - 90_000)
  await api.patch(
    refOf({ ...cronJob, metadata: made }),
    'merge',
    { status: { lastScheduleTime } },
    { subresource: 'status' },
  )
  run(cronJobController(context))
  const job = await when<Job>('batch/v1', 'Job', () => true)
  expect(job.metadata.name).toBe(`web-${Math.floor(Date.parse('2026-01-01T12:00:00Z') / 60_000)}`)
  const known = await when<CronJob>('batch/v1', 'CronJob', ({ status }) => (status?.active ?? []).length === 1)
  expect(known.status).toMatchObject({ lastScheduleTime: '2026-01-01T12:00:00Z', active: [{ uid: job.metadata.uid }] })
  const end = { type: 'Complete', status: 'True', lastTransitionTime: formatTime(clock.now()) }
  const met = { ...end, type: 'SuccessCriteriaMet' }
  const times = { startTime: formatTime(clock.now()), completionTime: formatTime(clock.now()) }
  await api.patch(refOf(job), 'merge', { status: { ...times, conditions: [met, end] } }, { subresource: 'status' })
  const done = await when<CronJob>('batch/v1', 'CronJob', ({ status }) => status?.lastSuccessfulTime !== undefined)
  expect(done.status?.active ?? []).toEqual([])
})
