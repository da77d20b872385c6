/** Spark's own Kubernetes backend (fabric8) against the API server: a job that computes pi, in client and in cluster mode. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { createInformer, type Informer } from '../../src/client/informer.ts'
import type { Pod, Service } from '../../src/kube/core.ts'
import type { KubeObject } from '../../src/kube/object.ts'
import { eventually, type Outcome } from '../e2e/embedded-cluster.ts'
import { findSpark } from './programs.ts'
import type { SeenRequest } from './requests.ts'
import { submitClient, submitCluster } from './spark-submit.ts'
import { NAMESPACE, startTestCluster, type TestCluster } from './test-cluster.ts'

const spark = findSpark()
const JOB_MS = 290_000
const EXECUTORS = 'spark-role=executor'
const base = `/api/v1/namespaces/${NAMESPACE}`

/** What a watcher of the namespace has seen come, gone or not. */
class Sightings<T extends KubeObject> {
  readonly objects = new Map<string, T>()
  private readonly informer: Informer<T>

  constructor({ api }: TestCluster, kind: string, labelSelector?: string) {
    const options = { clock: systemClock, ...(labelSelector && { labelSelector }) }
    this.informer = createInformer<T>(api, { apiVersion: 'v1', kind, namespace: NAMESPACE }, options)
    const see = (object: T) => void this.objects.set(object.metadata.name ?? '', object)
    this.informer.on('add', see)
    this.informer.on('update', see)
    this.informer.start()
  }

  stop(): void {
    this.informer.stop()
  }
}

const namesIn = async ({ api }: TestCluster, apiVersion: string, kind: string, labelSelector?: string) => {
  const collection = { apiVersion, kind, namespace: NAMESPACE }
  const { items } = await api.list(collection, { ...(labelSelector && { labelSelector }) })
  return items.map(({ metadata }) => metadata.name ?? '')
}

const answersTo = (seen: readonly SeenRequest[], method: string, path: string) =>
  seen.filter(request => request.method === method && request.path.startsWith(path))

const isWatch = ({ query }: SeenRequest): boolean => query.get('watch') === 'true'

/** Refusals that Spark did not have coming: it asks whether a pod is gone. */
const isSurprise = ({ method, path, status }: SeenRequest): boolean =>
  status >= 400 && !(status === 404 && method === 'GET' && path.startsWith(`${base}/pods/`))

const said = ({ method, path, query, status }: SeenRequest): string => `${method} ${path}?${query} -> ${status}`

function expectPi(output: string, pods: ReadonlyMap<string, Pod>): void {
  expect(output).toMatch(/Pi is roughly 3\.1[34]/)
  expect(output).toContain(`Computed in ${[...pods.keys()].sort().join(' ')}`)
}

/** fabric8 wants WebSockets first; a server without them has to answer 503 for it to ask for plain watches. */
function expectWatches(seen: readonly SeenRequest[]): void {
  const watches = answersTo(seen, 'GET', `${base}/pods`).filter(isWatch)
  const upgrades = watches.filter(({ upgrade }) => upgrade === 'websocket')
  expect(upgrades.length).toBeGreaterThan(0)
  expect(new Set(upgrades.map(({ status }) => status))).toEqual(new Set([101]))
}

function expectCleaned(seen: readonly SeenRequest[]): void {
  for (const plural of ['services', 'persistentvolumeclaims', 'pods', 'configmaps']) {
    const deletions = answersTo(seen, 'DELETE', `${base}/${plural}`).filter(({ path }) => path === `${base}/${plural}`)
    expect(deletions.map(({ status }) => status)).toContain(200)
  }
}

describe.skipIf(!spark)('Spark on the API server (needs Java 17 and Python 3.10)', () => {
  let cluster: TestCluster
  let executors: Sightings<Pod>
  let outcome: Outcome
  const seen = () => cluster.door.seen

  async function begin(): Promise<void> {
    cluster = await startTestCluster(spark!)
    executors = new Sightings<Pod>(cluster, 'Pod', EXECUTORS)
  }
  async function end(): Promise<void> {
    executors?.stop()
    await cluster?.stop()
  }

  describe('in client mode', () => {
    beforeAll(async () => {
      await begin()
      outcome = await submitClient(spark!, cluster)
    }, JOB_MS)
    afterAll(end)

    test('pi comes out, computed in two executor pods', () => {
      expect(outcome.code, outcome.stderr).toBe(0)
      expect(executors.objects.size).toBe(2)
      expectPi(outcome.stdout, executors.objects)
    })

    test('it gets the watches it asks for, and nothing is refused', () => {
      expectWatches(seen())
      expect(seen().filter(isSurprise).map(said)).toEqual([])
    })

    test('the executor that it gives back is found by its number and phase, and deleted', () => {
      const chosen = seen().filter(
        ({ path, query }) =>
          path === `${base}/pods` &&
          query.get('labelSelector')?.includes('spark-exec-id in (1)') &&
          query.get('fieldSelector') === 'status.phase=Running',
      )
      // It looks, and unless the executor is gone by itself by then, looks again and deletes.
      expect(['GET', 'GET GET DELETE']).toContain(chosen.map(({ method }) => method).join(' '))
      expect(new Set(chosen.map(({ status }) => status))).toEqual(new Set([200]))
    })

    test('it takes down what it put up', async () => {
      expectCleaned(seen())
      await eventually('no executors', 30_000, async () => (await namesIn(cluster, 'v1', 'Pod')).length === 0)
      expect(await namesIn(cluster, 'v1', 'ConfigMap', EXECUTORS)).toEqual([])
    })
  })

  describe('in cluster mode', () => {
    let services: Sightings<Service>
    beforeAll(async () => {
      await begin()
      services = new Sightings<Service>(cluster, 'Service')
      outcome = await submitCluster(spark!, cluster)
    }, JOB_MS)
    afterAll(async () => {
      services?.stop()
      await end()
    })

    const driverPod = async (): Promise<Pod> => {
      const collection = { apiVersion: 'v1', kind: 'Pod', namespace: NAMESPACE }
      const { items } = await cluster.api.list<Pod>(collection, { labelSelector: 'spark-role=driver' })
      if (!items[0]) throw new Error('there is no driver pod')
      return items[0]
    }

    test('pi stands in the log of the driver pod, computed in two executor pods', async () => {
      const { metadata, status } = await driverPod()
      const log = await logOf(cluster, metadata.name ?? '')
      expect(outcome.code, outcome.stderr + log).toBe(0)
      expect(outcome.stderr).toContain('termination reason: Completed')
      expect(status?.phase).toBe('Succeeded')
      expect(executors.objects.size).toBe(2)
      expectPi(log, executors.objects)
      for (const { metadata: executor } of executors.objects.values())
        expect(executor.ownerReferences).toMatchObject([{ kind: 'Pod', name: metadata.name, uid: metadata.uid }])
    })

    test('what it applies is there, and its own', async () => {
      const applied = answersTo(seen(), 'PATCH', '/')
      expect(applied.map(({ path, status }) => `${path.split('/').at(-2)} ${status}`).sort()).toEqual([
        'configmaps 201',
        'networkpolicies 201',
        'services 201',
      ])
      for (const { contentType, query } of applied) {
        expect(contentType).toContain('application/apply-patch+yaml')
        expect(query.get('fieldManager')).toBe('fabric8')
      }
      const [service] = services.objects.values()
      expect(service).toMatchObject({
        metadata: {
          ownerReferences: [{ kind: 'Pod' }],
          managedFields: [{ manager: 'fabric8', operation: 'Apply' }],
        },
        spec: { clusterIP: 'None' },
      })
    })

    test('it gets the watches it asks for, and nothing is refused', () => {
      expectWatches(seen())
      expect(seen().filter(isSurprise).map(said)).toEqual([])
    })

    test('the driver takes down its executors; whoever deletes the driver has the rest deleted', async () => {
      expectCleaned(seen())
      const left = async () => [
        ...(await namesIn(cluster, 'v1', 'Pod', EXECUTORS)),
        ...(await namesIn(cluster, 'v1', 'ConfigMap', EXECUTORS)),
        ...(await namesIn(cluster, 'v1', 'Service')),
      ]
      await eventually('no executors', 30_000, async () => (await left()).length === 0)

      const { metadata } = await driverPod()
      await cluster.api.delete({ apiVersion: 'v1', kind: 'Pod', namespace: NAMESPACE, name: metadata.name ?? '' })
      await eventually('nothing is left', 30_000, async () => {
        const policies = await namesIn(cluster, 'networking.k8s.io/v1', 'NetworkPolicy')
        const configMaps = await namesIn(cluster, 'v1', 'ConfigMap')
        return policies.length === 0 && `${configMaps}` === 'kube-root-ca.crt'
      })
    })
  })
})

async function logOf({ api }: TestCluster, name: string): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of api.logs({ namespace: NAMESPACE, name })) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}
