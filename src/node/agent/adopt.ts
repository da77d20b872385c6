/** Takes over the containers of a pod that an earlier life of this agent started: from their folders, which say who runs and how others ended. */
import type { Instant } from '../../base/clock.ts'
import type { Container, ContainerStatus, Pod } from '../../kube/core.ts'
import { firstHealth, type Health } from '../probes/health.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'
import { readRecord } from '../spawner/container-record.ts'
import { isAlive, type ProcessIdentity, sendSignal } from '../spawner/process-identity.ts'
import type { ProcessEnd } from '../spawner/spawner-client.ts'
import type { AgentParts } from './agent-parts.ts'
import { afterRestarts } from './back-off.ts'
import type { Ended, ObservedContainer } from './observed.ts'
import type { Life } from './pod-folders.ts'
import { allContainersOf } from './roles.ts'

/** What an earlier life of the agent left of it. */
export interface Past {
  /** Absent: it is gone, and all that ran there with it. */
  readonly sandbox?: Sandbox
  /** Name of the group that bounds it. */
  readonly group: string
}

export interface Adopting {
  see(name: string, observed: ObservedContainer): void
  /** One that runs: its probes go on from what the last agent knew. */
  running(container: Container, process: string, startedMs: number, known: Health): void
  ended(name: string, life: number, startedAt: Instant, end: ProcessEnd): void
}

/** Of a process whose wrapper could not write down its end. */
const KILLED = 137

/** Without its sandbox nothing of the pod may run on: what still does is killed. */
export async function adoptContainers(
  parts: AgentParts,
  pod: Pod,
  hasSandbox: boolean,
  adopting: Adopting,
): Promise<void> {
  const uid = pod.metadata.uid ?? ''
  const work = allContainersOf(pod).map(container => {
    const lives = parts.folders.lives(uid, container.name)
    const present = lives.at(-1)
    return present ? adoptContainer(parts, pod, container, hasSandbox, present, lives.at(-2), adopting) : undefined
  })
  await Promise.all(work)
}

async function adoptContainer(
  { backOff, clock, folders, lives, spawner }: AgentParts,
  pod: Pod,
  container: Container,
  hasSandbox: boolean,
  present: Life,
  before: Life | undefined,
  adopting: Adopting,
): Promise<void> {
  const uid = pod.metadata.uid ?? ''
  const { name } = container
  const life = present.number
  const nowMs = clock.monotonicMs()
  const status = statusOf(pod, name)
  const startedAt = startOf(status) ?? clock.now()
  const startedMs = nowMs - Math.max(0, clock.now() - startedAt)
  const last = before && endOf(before)
  const common = { life, last, backOff: afterRestarts(life, startedMs, backOff) }
  const record = readRecord(present.folder)
  if (record?.wrapper && record.exitCode === undefined && !hasSandbox) killGroup(record.wrapper)
  if (record?.exitCode !== undefined || !record?.wrapper || !hasSandbox) {
    const end = endOf(present, startedAt) ?? {
      life,
      exitCode: KILLED,
      reason: 'Error',
      startedAt,
      finishedAt: clock.now(),
    }
    adopting.see(name, { ...common, state: { kind: 'ended', end, endedMs: nowMs } })
    return
  }
  const process = `${uid}/${name}/${life}`
  const health = healthOf(container, status)
  adopting.see(name, { ...common, state: { kind: 'running', startedAt, health } })
  adopting.running(container, process, startedMs, health)
  lives.begin(folders.lifeFolder(uid, name, life))
  await spawner.adopt({ process, folder: present.folder, ...record.wrapper }, end =>
    adopting.ended(name, life, startedAt, end),
  )
}

export function killGroup(wrapper: ProcessIdentity): void {
  if (isAlive(wrapper)) sendSignal(-wrapper.pid, 'SIGKILL')
}

function endOf({ number: life, folder }: Life, startedAt?: Instant): Ended | undefined {
  const record = readRecord(folder)
  if (record?.exitCode === undefined) return undefined
  const { exitCode, writtenAt } = record
  return {
    life,
    exitCode,
    reason: exitCode === 0 ? 'Completed' : 'Error',
    startedAt,
    finishedAt: Math.round(writtenAt),
  }
}

function statusOf({ status }: Pod, name: string): ContainerStatus | undefined {
  const all = [
    ...(status?.initContainerStatuses ?? []),
    ...(status?.containerStatuses ?? []),
    ...(status?.ephemeralContainerStatuses ?? []),
  ]
  return all.find(each => each.name === name)
}

function startOf(status: ContainerStatus | undefined): Instant | undefined {
  const text = status?.state?.running?.startedAt ?? status?.state?.terminated?.startedAt
  return text === undefined ? undefined : Date.parse(text)
}

/** As it was told last, so that nothing that serves is taken for broken because an agent is new. */
function healthOf(container: Container, status: ContainerStatus | undefined): Health {
  const first = firstHealth(container)
  if (!status?.state?.running) return first
  return { isStarted: first.isStarted || status.started === true, isReady: first.isReady || status.ready }
}
