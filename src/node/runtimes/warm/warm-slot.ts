/** One Node process that waits in a sandbox of its own: until a container becomes of it, or until it is not wanted any more. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type PodGroup, WAITING, WAITING_MARK } from '../../resources/enforcement.ts'
import type { Sandbox } from '../../sandbox/sandbox.ts'
import type { ProcessEnd, Spawner } from '../../spawner/spawner-client.ts'

/** A process that waits. */
export interface WarmSlot {
  readonly process: string
  /** Where its log and its record are. */
  readonly folder: string
  /** From now on the end of the process is the end of a container. False: it has ended already. */
  use(onExit: (end: ProcessEnd) => void): boolean
  /** It is not needed after all; its sandbox stays. */
  discard(): Promise<void>
}

export interface Waiting {
  readonly slot: WarmSlot
  readonly sandbox: Sandbox
  readonly group: PodGroup
  readonly isReady: () => boolean
  /** Ends it and gives its sandbox back. */
  end(): Promise<void>
}

export interface WaitingOptions {
  readonly spawner: Spawner
  readonly process: string
  readonly folder: string
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly sandbox: Sandbox
  readonly group: PodGroup
  /** It ended before anybody used it. */
  readonly onLost: (waiting: Waiting, end: ProcessEnd) => void
}

export async function startWaiting(options: WaitingOptions): Promise<Waiting> {
  const { spawner, process, folder, argv, env, sandbox, group, onLost } = options
  let isReady = false
  let isWanted = true
  let container: ((end: ProcessEnd) => void) | undefined
  let hasEnded: (() => void) | undefined
  const ended = new Promise<void>(resolve => {
    hasEnded = () => {
      hasEnded = undefined
      resolve()
    }
  })

  function onExit(end: ProcessEnd): void {
    hasEnded?.()
    if (container) container(end)
    else if (isWanted) onLost(waiting, end)
  }

  async function discard(): Promise<void> {
    isWanted = false
    if (await spawner.signal(process, 'SIGKILL').catch(() => false)) await ended
    rmSync(folder, { recursive: true, force: true })
  }

  const slot: WarmSlot = {
    process,
    folder,
    use(onExit) {
      container = onExit
      return hasEnded !== undefined
    },
    discard,
  }
  const waiting: Waiting = {
    slot,
    sandbox,
    group,
    isReady: () => isReady,
    async end() {
      await discard()
      await sandbox.destroy()
      group.remove()
    },
  }
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  writeFileSync(join(folder, WAITING_MARK), '')
  const { joins } = group.container(WAITING)
  const start = { process, argv, env, cwd: sandbox.root, enter: sandbox.enter, folder, joins, listens: true }
  await spawner.start(start, onExit, () => {
    isReady = true
  })
  return waiting
}
