/**
 * A stand-in for a node whose only image is Spark's: it registers as a Node, and every pod that the scheduler binds to it becomes a process
 * of this machine. It does of a kubelet's work what Spark can tell: pods wait for their ConfigMaps, volumes and variables are filled, phases and
 * the Ready condition are told, a deletion ends the process gracefully.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createReadStream, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { formatTime, systemClock } from '../../src/base/clock.ts'
import { createInformer } from '../../src/client/informer.ts'
import type { KubeApi } from '../../src/client/kube-api.ts'
import type { NodeApi } from '../../src/client/node-api.ts'
import type { ConfigMap, Pod, PodPhase } from '../../src/kube/core.ts'
import { refOf } from '../../src/kube/object.ts'
import { isApiError } from '../../src/kube/status.ts'
import { registerNode } from '../../src/node/agent/registration.ts'
import { containerEnv } from '../../src/node/env/container-env.ts'
import { fetchReferences, podReferences } from '../../src/node/env/references.ts'
import type { Sandbox } from '../../src/node/sandbox/sandbox.ts'
import { createVolumes } from '../../src/node/volumes/volumes.ts'
import type { Spark } from './programs.ts'
import { entryPoint } from './spark-image.ts'

export interface StandInNode {
  readonly nodeApi: NodeApi
  /** Resolves when its processes are gone. */
  stop(): Promise<void>
}

export interface StandInOptions {
  readonly api: KubeApi
  /** Where pods find the API. */
  readonly apiPort: number
  readonly folder: string
  readonly spark: Spark
}

const NAME = 'stand-in'
const HOST = '127.0.0.1'
const CAPACITY = { cpu: '8', memory: '8Gi', pods: '20' }

export async function startStandInNode({ api, apiPort, folder, spark }: StandInOptions): Promise<StandInNode> {
  const clock = systemClock
  const volumes = createVolumes({ api, clock })
  const pods = createInformer<Pod>(
    api,
    { apiVersion: 'v1', kind: 'Pod' },
    { clock, fieldSelector: `spec.nodeName=${NAME}` },
  )
  const configMaps = createInformer<ConfigMap>(api, { apiVersion: 'v1', kind: 'ConfigMap' }, { clock })
  /** By uid, from the moment that a pod is being started. */
  const lives = new Map<string, { pod: Pod; process?: ChildProcess; ended?: Promise<void> }>()
  let numPods = 0
  let isStopped = false

  const isMissing =
    ({ metadata: { namespace } }: Pod) =>
    (name: string) =>
      !configMaps.get(namespace, name)

  function consider(pod: Pod): void {
    const uid = pod.metadata.uid ?? ''
    const life = lives.get(uid)
    if (isStopped) return
    if (pod.metadata.deletionTimestamp) {
      if (life) life.process?.kill('SIGTERM')
      else void remove(pod)
    } else if (
      !life &&
      (pod.status?.phase ?? 'Pending') === 'Pending' &&
      !podReferences(pod).configMaps.some(isMissing(pod))
    ) {
      lives.set(uid, { pod })
      start(pod).catch(error => tell(pod, 'Failed', { message: (error as Error).message }))
    }
  }

  async function start(pod: Pod): Promise<void> {
    const uid = pod.metadata.uid ?? ''
    const [container] = pod.spec.containers
    if (!container) throw new Error('a pod without containers')
    const address = `127.1.0.${++numPods}`
    const home = join(folder, uid)
    const sandbox = sandboxIn(home, address)
    const { root } = sandbox

    const lookup = await fetchReferences(api, pod.metadata.namespace ?? '', podReferences(pod))
    const node = { nodeName: NAME, hostIP: HOST, podIP: address, allocatable: CAPACITY }
    const prepared = await volumes.prepare(pod, sandbox, { node, lookup })
    if (!prepared.ok) throw new Error(prepared.message)
    const base = { PATH: process.env.PATH ?? '', HOME: home }
    const hostname = pod.metadata.name ?? ''
    const env = containerEnv(pod, container, { node, lookup, apiHost: HOST, apiPort, root, hostname, base })
    if (!env.ok) throw new Error(JSON.stringify(env.problems))

    const { argv, env: variables } = entryPoint(spark, container, env.value, root)
    const [program = '', ...args] = argv
    const log = openSync(logOf(pod), 'w')
    const child = spawn(program, args, { cwd: home, env: variables, stdio: ['ignore', log, log] })
    const exit = once(child, 'exit') as Promise<[number | null]>
    lives.set(uid, { pod, process: child, ended: exit.then(ignore, ignore) })
    await once(child, 'spawn')
    await tell(pod, 'Running', { address })
    const [code] = await exit
    await tell(pod, code === 0 ? 'Succeeded' : 'Failed', { address, exitCode: code ?? 143 })
    volumes.forget(uid)
    if (pods.get(pod.metadata.namespace, pod.metadata.name ?? '')?.metadata.deletionTimestamp) await remove(pod)
    lives.delete(uid)
  }

  async function tell(pod: Pod, phase: PodPhase, facts: Facts): Promise<void> {
    if (isStopped) return
    const status = statusOf(pod, phase, facts, formatTime(clock.now()))
    await api.patch(refOf(pod), 'strategic', { status }, { subresource: 'status' }).catch(unlessGone)
  }

  const remove = (pod: Pod): Promise<void> =>
    api.delete(refOf(pod), { gracePeriodSeconds: 0, preconditions: { uid: pod.metadata.uid ?? '' } }).catch(unlessGone)

  const logOf = (pod: Pod): string => join(folder, pod.metadata.uid ?? '', 'log')

  const limits = { memory: 'no limits', cpu: 'no limits', processes: 'no bound' }
  const node = {
    name: NAME,
    address: HOST,
    capacity: CAPACITY,
    allocatable: CAPACITY,
    isolation: 'none' as const,
    limits,
  }
  // A node that says nothing counts as lost after a while.
  const registration = registerNode({ api, clock, node, log: console.error })
  await registration.done
  pods.on('add', consider)
  pods.on('update', consider)
  pods.on('delete', ({ metadata }) => void lives.get(metadata.uid ?? '')?.process?.kill('SIGKILL'))
  configMaps.on('add', () => pods.list().forEach(consider))
  configMaps.start()
  pods.start()
  return {
    nodeApi: { logs: pod => createReadStream(logOf(pod)) },
    async stop() {
      isStopped = true
      registration.stop()
      for (const informer of [pods, configMaps]) informer.stop()
      volumes.stop()
      for (const { process } of lives.values()) process?.kill('SIGKILL')
      await Promise.all([...lives.values()].map(({ ended }) => ended))
    },
  }
}

const ignore = (): void => {}

/** Folders, and nothing that would show them elsewhere. */
function sandboxIn(home: string, address: string): Sandbox {
  const root = join(home, 'root')
  const volumes = join(home, 'volumes')
  for (const made of [root, volumes]) mkdirSync(made, { recursive: true })
  return {
    ...{ id: home, address, apiHost: HOST, enter: [], root, volumes },
    isCurrent: () => true,
    mount: async () => ({ ok: true }),
    setHosts: async () => {},
    destroy: async () => {},
  }
}

interface Facts {
  readonly address?: string
  readonly exitCode?: number
  readonly message?: string
}

function statusOf({ spec }: Pod, phase: PodPhase, { address, exitCode, message }: Facts, time: string): object {
  const isRunning = phase === 'Running'
  const reason = phase === 'Succeeded' ? 'Completed' : 'Error'
  const state = isRunning
    ? { running: { startedAt: time } }
    : { terminated: { exitCode: exitCode ?? 1, reason, finishedAt: time } }
  const condition = (type: string, holds: boolean) => ({
    type,
    status: holds ? 'True' : 'False',
    lastTransitionTime: time,
  })
  return {
    phase,
    ...(message && { message }),
    hostIP: HOST,
    ...(address && { podIP: address, podIPs: [{ ip: address }] }),
    ...(isRunning && { startTime: time }),
    conditions: [
      condition('Initialized', true),
      condition('ContainersReady', isRunning),
      condition('Ready', isRunning),
    ],
    containerStatuses: spec.containers.map(({ name, image }) => ({
      name,
      image,
      imageID: '',
      ready: isRunning,
      started: isRunning,
      restartCount: 0,
      // null: a strategic merge would keep what it was before.
      state: { running: null, terminated: null, ...state },
    })),
  }
}

function unlessGone(error: unknown): void {
  if (!isApiError(error, 'NotFound', 'Conflict')) throw error
}
