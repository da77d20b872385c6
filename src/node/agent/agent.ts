/**
 * The node agent: a client of the API that runs the pods bound to its node as processes of this machine (the kubelet's place). What it
 * decides is in `decide-pod.ts`, what it writes in `pod-status.ts`; here is who talks to whom.
 */
import { mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { availableParallelism, homedir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import type { Clock } from '../../base/clock.ts'
import { createEventRecorder } from '../../client/events.ts'
import { createInformer } from '../../client/informer.ts'
import type { KubeApi } from '../../client/kube-api.ts'
import type { NodeApi, PodUsage } from '../../client/node-api.ts'
import type { Pod, ResourceList, Service } from '../../kube/core.ts'
import { type Amounts, NOTHING, plus } from '../../kube/quota/amounts.ts'
import { podAmounts } from '../../kube/quota/pod-amounts.ts'
import { createReferenceWatcher } from '../env/watch-references.ts'
import { createLives } from '../logs/lives.ts'
import { createLogReader } from '../logs/log-reader.ts'
import { keepLogsBounded } from '../logs/rotation.ts'
import type { Enforcement } from '../resources/enforcement.ts'
import { machineMemory, machineUsage } from '../resources/machine-usage.ts'
import { createWatchingEnforcement } from '../resources/watching-enforcement.ts'
import { processRuntime } from '../runtimes/process/process-runtime.ts'
import type { Preload } from '../runtimes/warm/hand-over.ts'
import { createWarmPool } from '../runtimes/warm/warm-pool.ts'
import { warmRuntime } from '../runtimes/warm/warm-runtime.ts'
import type { Sandbox, Sandboxes } from '../sandbox/sandbox.ts'
import { readRecord } from '../spawner/container-record.ts'
import type { Spawner } from '../spawner/spawner-client.ts'
import { createContainerInputs } from '../streams/container-inputs.ts'
import { createNodeStreams } from '../streams/node-streams.ts'
import { createVolumes } from '../volumes/volumes.ts'
import { killGroup } from './adopt.ts'
import type { AgentParts } from './agent-parts.ts'
import { type BackOffLimits, limitsOf, UPSTREAM_LIMITS } from './back-off.ts'
import { allocatableOf, capacityOfMachine } from './node-object.ts'
import { type PodNote, podFolders } from './pod-folders.ts'
import { isFinished } from './pod-status.ts'
import { createPodWorker, type PodWorker } from './pod-worker.ts'
import { type RegistrationOptions, registerNode } from './registration.ts'
import { createSandboxPool } from './sandbox-pool.ts'
import { hostnameOf } from './surroundings.ts'

export interface NodeAgentOptions {
  readonly api: KubeApi
  readonly spawner: Spawner
  readonly sandboxes: Sandboxes
  readonly clock: Clock
  readonly stateDir: string
  readonly nodeName: string
  /** Of the Node, and so of its pods' host. */
  readonly nodeAddress?: string
  readonly capacity?: ResourceList
  readonly lease?: RegistrationOptions['lease']
  readonly podCIDR?: string
  /** By default memory is watched. */
  readonly enforcement?: Enforcement
  readonly apiPort: number
  /** Programs that a waiting process has loaded; their commands are started warm. */
  readonly warmPreload?: readonly Preload[]
  readonly warmProcesses?: number
  readonly warmProgram?: string
  /** Commands that every container finds on its PATH: name to file. */
  readonly commands?: Readonly<Record<string, string>>
  readonly readySandboxes?: number
  /** The pod has its sandbox: names are written into it before its first container starts. By default only its own. */
  readonly onSandbox?: (pod: Pod, sandbox: Sandbox) => Promise<void>
  /** The pod gives its sandbox up: nothing of it may be written there any more. */
  readonly onSandboxGone?: (podUid: string) => void
  /** Of containers that end again and again; by default as $SOLVENT_MAX_CONTAINER_RESTART_PERIOD says, else upstream's. */
  readonly backOff?: BackOffLimits
  readonly log: (message: string) => void
}

export interface NodeAgent extends NodeApi {
  /** The Node is Ready. */
  readonly ready: Promise<void>
  /** Of a pod that is not over. */
  sandboxOf(podUid: string): Sandbox | undefined
  /**
   * Leaves pods running, so that another agent with the same state folder takes them over; with `podsGraceMs` they end too, by TERM and
   * then KILL, and the next agent finds how.
   */
  stop(options?: { readonly podsGraceMs?: number }): Promise<void>
}

const NO_NOTE: PodNote = { namespace: '', name: '', sandbox: '', group: '' }
/** The pool of waiting processes takes two cores for a tenth of a second: not while the cluster is still starting. */
const WARM_AFTER_MS = 300

export async function startNodeAgent(options: NodeAgentOptions): Promise<NodeAgent> {
  const { api, spawner, sandboxes, clock, stateDir, nodeName, log } = options
  const { nodeAddress = '127.0.0.1', warmPreload = [], capacity = capacityOfMachine() } = options
  const { enforcement = createWatchingEnforcement({ clock, limitation: 'not asked for' }) } = options
  const allocatable = allocatableOf(capacity, machineMemory(), enforcement.total()?.memoryBytes ?? 0)
  const lives = createLives()
  const folders = podFolders(stateDir)
  const baseEnv = baseEnvironment(linkCommands(stateDir, options.commands ?? {}))
  const pool = createSandboxPool({ sandboxes, size: options.readySandboxes ?? 4, clock, log })
  const warmPool = createWarmPool({
    spawner,
    clock,
    stateDir,
    log,
    size: options.warmProcesses ?? Math.min(4, availableParallelism()),
    preloads: warmPreload,
    env: baseEnv,
    newSandbox: pool.take,
    openGroup: enforcement.open,
    program: options.warmProgram,
  })
  const inputs = createContainerInputs(spawner)
  const services = createInformer<Service>(api, { apiVersion: 'v1', kind: 'Service' }, { clock })
  const servicesIn = services.index(({ metadata }) => [metadata.namespace ?? ''])
  services.start()
  const parts: AgentParts = {
    api,
    clock,
    spawner,
    isolation: sandboxes.isolation,
    enforcement,
    runtimes: [warmRuntime(spawner, warmPreload), processRuntime(spawner, inputs)],
    inputs,
    pool,
    warmPool,
    preloads: warmPreload,
    volumes: createVolumes({ api, clock, log }),
    references: createReferenceWatcher({ api, clock, log }),
    folders,
    lives,
    events: createEventRecorder({ api, clock, component: 'kubelet', host: nodeName }),
    log,
    nodeName,
    hostIP: nodeAddress,
    allocatable,
    requestedByOthers,
    apiPort: options.apiPort,
    servicesIn,
    backOff: options.backOff ?? declaredBackOff(log),
    baseEnv,
    onSandbox: options.onSandbox ?? ownName,
    onSandboxGone: options.onSandboxGone ?? (() => {}),
  }
  const { isolation, limitation } = sandboxes
  const registration = registerNode({
    api,
    clock,
    log,
    node: {
      name: nodeName,
      address: nodeAddress,
      capacity,
      allocatable,
      isolation,
      limitation,
      limits: enforcement.description,
    },
    lease: options.lease,
    podCIDR: options.podCIDR,
  })
  const pods = createInformer<Pod>(
    api,
    { apiVersion: 'v1', kind: 'Pod' },
    { clock, fieldSelector: `spec.nodeName=${nodeName}`, onError: error => log(`pods: ${(error as Error).message}`) },
  )
  pods.start()
  await pods.synced

  const workers = new Map<string, PodWorker>()
  const uidOf = (pod: Pod): string => pod.metadata.uid ?? ''

  function requestedByOthers(uid: string): Amounts {
    const others = [...workers].filter(([each]) => each !== uid)
    return others.map(([, { pod }]) => podAmounts(pod.spec, 'requests', { overhead: true })).reduce(plus, NOTHING)
  }

  async function takeOver(): Promise<void> {
    const known = new Map(pods.list().map(pod => [uidOf(pod), pod]))
    const unfinished = new Map<string, PodNote>()
    for (const uid of folders.uids()) {
      const pod = known.get(uid)
      if (!pod) await discard(uid)
      else if (!isFinished(pod)) unfinished.set(uid, folders.note(uid) ?? NO_NOTE)
    }
    const notes = [...unfinished.values()]
    const recovered = await sandboxes.recover(notes.map(note => note.sandbox).filter(Boolean))
    enforcement.recover(notes.map(note => note.group))
    for (const [uid, { sandbox, group }] of unfinished) {
      const past = { sandbox: recovered.find(each => each.id === sandbox), group: group || uid }
      workers.set(uid, createPodWorker(parts, known.get(uid)!, past))
    }
  }

  /** Of a pod that was deleted while no agent looked. */
  async function discard(uid: string): Promise<void> {
    for (const container of folders.containers(uid)) {
      for (const { folder } of folders.lives(uid, container)) {
        const wrapper = readRecord(folder)?.wrapper
        if (wrapper) killGroup(wrapper)
      }
    }
    await folders.remove(uid)
  }

  function see(pod: Pod): void {
    const uid = uidOf(pod)
    const worker = workers.get(uid)
    if (isFinished(pod)) {
      workers.delete(uid)
      void worker?.finish()
    } else if (worker) worker.update(pod)
    else workers.set(uid, createPodWorker(parts, pod))
  }

  function podUsage(): readonly PodUsage[] {
    return [...workers].flatMap(([uid, { resources }]) => {
      const { namespace = '', name = '' } = folders.note(uid) ?? {}
      const containers = resources.usage()
      return containers.length > 0 ? [{ uid, namespace, name, containers }] : []
    })
  }

  async function forget(pod: Pod): Promise<void> {
    const worker = workers.get(uidOf(pod))
    workers.delete(uidOf(pod))
    await (worker ? worker.forget() : folders.remove(uidOf(pod)))
  }

  await takeOver()
  pods.on('add', see)
  pods.on('update', see)
  pods.on('delete', pod => void forget(pod).catch((error: Error) => log(`pod ${pod.metadata.name}: ${error.message}`)))
  pool.start()
  const cancelWarm = clock.after(WARM_AFTER_MS, warmPool.start)
  const rotation = keepLogsBounded({ clock, lives, log })
  const reader = createLogReader({ folders, lives, clock })
  const sandboxOf = (uid: string): Sandbox | undefined => workers.get(uid)?.place?.sandbox
  const streamFolder = join(stateDir, 'streams')
  // What an earlier life of this agent left there belongs to nobody any more.
  rmSync(streamFolder, { recursive: true, force: true })

  return {
    ready: registration.done,
    logs: reader.logs,
    streams: createNodeStreams({ agent: parts, folder: streamFolder, reader, sandboxOf }),
    sandboxOf,
    usage: async () => ({ at: clock.now(), node: machineUsage(clock.now()), pods: podUsage() }),
    async stop({ podsGraceMs } = {}) {
      cancelWarm()
      rotation.stop()
      registration.stop()
      pods.stop()
      services.stop()
      parts.volumes.stop()
      parts.references.stop()
      if (podsGraceMs === undefined) for (const worker of workers.values()) worker.leave()
      else await Promise.all([...workers.values()].map(worker => worker.end(podsGraceMs)))
      await warmPool.stop()
      await pool.stop()
      if (podsGraceMs !== undefined) enforcement.close()
      await parts.events.flush()
    },
  }
}

async function ownName(pod: Pod, sandbox: Sandbox): Promise<void> {
  const hostname = hostnameOf(pod)
  await sandbox.setHosts(hostname, [{ address: sandbox.address, names: [hostname] }])
}

/** KubeletConfiguration's `crashLoopBackOff.maxContainerRestartPeriod`. */
function declaredBackOff(log: (message: string) => void): BackOffLimits {
  const period = process.env.SOLVENT_MAX_CONTAINER_RESTART_PERIOD
  const limits = period ? limitsOf(period) : UPSTREAM_LIMITS
  if (!limits) log(`SOLVENT_MAX_CONTAINER_RESTART_PERIOD is ${period}: it must be 1s to 300s. Going on with 300s.`)
  return limits ?? UPSTREAM_LIMITS
}

/** A folder with the commands under their names. */
function linkCommands(stateDir: string, commands: Readonly<Record<string, string>>): string {
  const folder = join(stateDir, 'bin')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true, mode: 0o755 })
  for (const [name, file] of Object.entries(commands)) symlinkSync(file, join(folder, name))
  return folder
}

/** This Node first, so that `node` in a pod is the one that runs the cluster. */
function baseEnvironment(commands: string): Readonly<Record<string, string>> {
  const { PATH = '/usr/local/bin:/usr/bin:/bin' } = process.env
  return { PATH: [commands, dirname(process.execPath), PATH].join(delimiter), HOME: homedir() }
}
