/**
 * A cluster for tests, in this process: our API server over a store in memory, our controllers and scheduler as its clients, and nodes that
 * play pods instead of starting processes. Nothing sleeps: tests wait for what they want to see.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensurePki, type Pki } from '../../src/apiserver/pki/pki.ts'
import { signRequest } from '../../src/apiserver/pki/sign-request.ts'
import { type ApiServer, createApiServer } from '../../src/apiserver/server.ts'
import { memoryStore } from '../../src/apiserver/store/open-store.ts'
import { formatTime, systemClock } from '../../src/base/clock.ts'
import { createHttpApi, type HttpApi } from '../../src/client/http-api.ts'
import type { KubeApi } from '../../src/client/kube-api.ts'
import type { Sign } from '../../src/controllers/kubernetes/certificates/csr-signing-controller.ts'
import { startControllers } from '../../src/controllers/start-controllers.ts'
import type { Node, Pod } from '../../src/kube/core.ts'
import { type KubeObject, refOf } from '../../src/kube/object.ts'
import { isApiError } from '../../src/kube/status.ts'
import { startScheduler } from '../../src/scheduler/start-scheduler.ts'
import { crdOf } from '../../src/spec/crds.ts'
import { DECLARATION_KINDS } from '../../src/spec/schema/kinds-table.ts'

/** What a pod does once it runs: ends with a code, or runs until it is deleted. */
export type Part = { readonly exits: number } | 'runs'
export type Player = (pod: Pod) => Part | Promise<Part>

export interface TestCluster {
  readonly api: KubeApi
  readonly log: readonly string[]
  addNode(name: string, allocatable?: Record<string, string>): Promise<void>
  /** The first object of the collection for which the condition holds, now or later. */
  when<T extends KubeObject>(ref: Ref, holds: (object: T) => boolean): Promise<T>
  whenGone(ref: Ref): Promise<void>
  list<T extends KubeObject>(apiVersion: string, kind: string, namespace?: string): Promise<readonly T[]>
  restartControllers(): Promise<void>
  stop(): Promise<void>
}

export interface Ref {
  readonly apiVersion: string
  readonly kind: string
  readonly namespace?: string
  readonly name: string
}

export interface TestClusterOptions {
  /** Controllers, scheduler and test speak HTTPS with the server instead of calling it. */
  readonly overHttps?: boolean
}

export async function startTestCluster(
  play: Player = () => ({ exits: 0 }),
  { overHttps = false }: TestClusterOptions = {},
): Promise<TestCluster> {
  const folder = mkdtempSync(join(tmpdir(), 'solvent-test-'))
  const pki = ensurePki(folder)
  const server = createApiServer({ store: memoryStore(), pki })
  const http = overHttps ? await connect(server, pki) : undefined
  const api: KubeApi = http ?? server.api
  const log: string[] = []
  await createAll(server.api)
  const sign: Sign = (request, expirationSeconds) => signRequest(pki, { request, expirationSeconds, now: Date.now() })
  const start = () => startControllers({ api, log: line => log.push(line), rootCa: 'CA', sign })
  let controllers = start()
  const scheduler = startScheduler({ api, log: line => log.push(line) })
  const stopped = new AbortController()
  const kubelet = runPods(api, play, stopped.signal, log)

  async function when<T extends KubeObject>(ref: Ref, holds: (object: T) => boolean): Promise<T> {
    const { name, ...collection } = ref
    const giveUp = AbortSignal.timeout(15_000)
    const options = { fieldSelector: `metadata.name=${name}`, sendInitialEvents: true, signal: giveUp }
    let last: T | undefined
    for await (const { type, object } of api.watch<T>(collection, options)) {
      if (type === 'BOOKMARK') continue
      last = object
      if (type !== 'DELETED' && holds(object)) return object
    }
    throw new Error(`${ref.kind} ${name} never came to it: ${JSON.stringify(last, null, 1)}\n${log.join('\n')}`)
  }

  async function whenGone(ref: Ref): Promise<void> {
    const { name, ...collection } = ref
    const giveUp = AbortSignal.timeout(15_000)
    const options = { fieldSelector: `metadata.name=${name}`, sendInitialEvents: true, signal: giveUp }
    let isThere = false
    for await (const { type, object } of api.watch(collection, options)) {
      if (type === 'BOOKMARK') {
        if (!isThere) return
      } else if (type === 'DELETED') return
      else isThere = object !== undefined
    }
    throw new Error(`${ref.kind} ${name} never went`)
  }

  return {
    api,
    log,
    when,
    whenGone,
    addNode: async (name, allocatable = { cpu: '8', memory: '16Gi', pods: '200' }) => {
      await api.create(nodeNamed(name, allocatable))
    },
    list: async <T extends KubeObject>(apiVersion: string, kind: string, namespace?: string) =>
      (await api.list<T>({ apiVersion, kind, ...(namespace ? { namespace } : {}) })).items,
    async restartControllers() {
      await controllers.stop()
      controllers = start()
    },
    async stop() {
      stopped.abort()
      await kubelet
      await scheduler.stop()
      await controllers.stop()
      http?.close()
      await server.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function connect(server: ApiServer, { ca, adminToken }: Pki): Promise<HttpApi> {
  const { port } = await server.listen(['127.0.0.1'], 0)
  return createHttpApi({ server: `https://127.0.0.1:${port}`, ca, token: adminToken })
}

async function createAll(api: KubeApi): Promise<void> {
  const objects: KubeObject[] = [namespace('default'), ...DECLARATION_KINDS.map(crdOf)]
  for (const object of objects) {
    await api.create(object).catch(error => {
      if (!isApiError(error, 'AlreadyExists')) throw error
    })
  }
}

export const namespace = (name: string): KubeObject => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })

const nodeNamed = (name: string, allocatable: Record<string, string>): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels: { 'kubernetes.io/hostname': name } },
  status: { capacity: allocatable, allocatable, conditions: [{ type: 'Ready', status: 'True' }] },
})

/** Every node at once: bound pods get an address, run, and end as their part says; deleted ones end at once. */
async function runPods(api: KubeApi, play: Player, signal: AbortSignal, log: string[]): Promise<void> {
  const seen = new Set<string>()
  const removed = new Set<string>()
  const tasks = new Set<Promise<void>>()
  let address = 1
  const start = (task: Promise<void>): void => {
    const tracked = task.catch(error => void log.push(`node: ${error}`)).finally(() => tasks.delete(tracked))
    tasks.add(tracked)
  }
  for await (const { type, object: pod } of api.watch<Pod>(
    { apiVersion: 'v1', kind: 'Pod' },
    { signal, sendInitialEvents: true },
  )) {
    if (type !== 'ADDED' && type !== 'MODIFIED') continue
    const uid = pod.metadata.uid!
    if (pod.metadata.deletionTimestamp) {
      if (removed.has(uid)) continue
      removed.add(uid)
      start(end(api, pod, 137, true))
    } else if (pod.spec.nodeName && !seen.has(uid) && pod.status?.phase === 'Pending') {
      seen.add(uid)
      const podIP = `10.0.${address >> 8}.${address++ & 255}`
      start(runPod(api, pod, podIP, play))
    }
  }
  await Promise.all(tasks)
}

async function runPod(api: KubeApi, pod: Pod, podIP: string, play: Player): Promise<void> {
  const ready = { type: 'Ready', status: 'True', lastTransitionTime: formatTime(systemClock.now()) }
  await patchStatus(api, pod, { phase: 'Running', podIP, conditions: [ready] })
  const part = await play(pod)
  if (part !== 'runs') await end(api, pod, part.exits, false)
}

async function end(api: KubeApi, pod: Pod, exitCode: number, isRemoved: boolean): Promise<void> {
  const notReady = { type: 'Ready', status: 'False', lastTransitionTime: formatTime(systemClock.now()) }
  const terminated = { exitCode, finishedAt: formatTime(systemClock.now()) }
  const containerStatuses = pod.spec.containers.map(({ name }) => {
    return { name, ready: false, restartCount: 0, image: '', imageID: '', state: { terminated } }
  })
  const phase = exitCode === 0 ? 'Succeeded' : 'Failed'
  await patchStatus(api, pod, { phase, conditions: [notReady], containerStatuses })
  if (isRemoved) await ignoreGone(api.delete(refOf(pod), { gracePeriodSeconds: 0 }))
}

async function patchStatus(api: KubeApi, pod: Pod, status: Record<string, unknown>): Promise<void> {
  await ignoreGone(api.patch(refOf(pod), 'strategic', { status }, { subresource: 'status' }))
}

async function ignoreGone(call: Promise<unknown>): Promise<void> {
  await call.catch(error => {
    if (!isApiError(error, 'NotFound')) throw error
  })
}
