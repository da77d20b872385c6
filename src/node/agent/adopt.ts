/** Takes over the containers of a pod that an earlier life of this agent started: from their folders, which say who runs and how others ended. */
import type { Instant } from '../../base/clock.ts'
import type { Pod } from '../../kube/core.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'
import { readRecord } from '../spawner/container-record.ts'
import { isAlive, type ProcessIdentity, sendSignal } from '../spawner/process-identity.ts'
import type { ProcessEnd } from '../spawner/spawner-client.ts'
import type { AgentParts } from './agent-parts.ts'
import { afterRestarts } from './back-off.ts'
import { allContainersOf, type Ended, type ObservedContainer } from './observed.ts'
import type { Life } from './pod-folders.ts'

/** What an earlier life of the agent left of it. */
export interface Past {
  /** Absent: it is gone, and all that ran there with it. */
  readonly sandbox?: Sandbox
}

export interface Adopting {
  see(name: string, observed: ObservedContainer): void
  running(name: string, process: string): void
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
  const work = allContainersOf(pod).map(({ name }) => {
    const lives = parts.folders.lives(uid, name)
    const present = lives.at(-1)
    return present ? adoptContainer(parts, pod, name, hasSandbox, present, lives.at(-2), adopting) : undefined
  })
  await Promise.all(work)
}

async function adoptContainer(
  { clock, folders, lives, spawner }: AgentParts,
  pod: Pod,
  name: string,
  hasSandbox: boolean,
  present: Life,
  before: Life | undefined,
  adopting: Adopting,
): Promise<void> {
  const uid = pod.metadata.uid ?? ''
  const life = present.number
  const nowMs = clock.monotonicMs()
  const startedAt = startOf(pod, name) ?? clock.now()
  const last = before && endOf(before)
  const common = { life, last, backOff: afterRestarts(life, nowMs - Math.max(0, clock.now() - startedAt)) }
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
  adopting.see(name, { ...common, state: { kind: 'running', startedAt } })
  adopting.running(name, process)
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

function startOf({ status }: Pod, name: string): Instant | undefined {
  const all = [
    ...(status?.initContainerStatuses ?? []),
    ...(status?.containerStatuses ?? []),
    ...(status?.ephemeralContainerStatuses ?? []),
  ]
  const state = all.find(each => each.name === name)?.state
  const text = state?.running?.startedAt ?? state?.terminated?.startedAt
  return text === undefined ? undefined : Date.parse(text)
}
