/**
 * Keeps the spawner of another node of this cluster running. It is a process of its own that outlives this one and that its agent brings
 * back as well, so it is known by the lock of its folder, whoever started it. A node with a file `off` in its folder is to be down.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { launchSpawner } from './launch.ts'
import { lockOwner } from './lock.ts'
import { livingPart } from './part-record.ts'
import { restartDelayMs } from './part-supervisor.ts'
import { isAlive, sendSignal } from './process-identity.ts'

export interface NodeSupervisor {
  start(): void
  /** Ends it with its pods, by force after `graceMs`. */
  stop(graceMs: number): Promise<void>
}

export interface NodeSupervisorOptions {
  /** The node's own state folder. */
  readonly state: string
  readonly words: readonly string[]
  readonly log: (message: string) => void
}

export const NODE_PART = 'agent'
export const OFF = 'off'
const LOOK_MS = 250
const STEADY_MS = 5_000
/** An agent whose spawner was killed starts another one, as a rule at once, and surely within the second time. */
const AGENT_MS = 750
const REPLACE_MS = 2_000
const WAIT_MS = 10

export function superviseNode({ state, words, log }: NodeSupervisorOptions): NodeSupervisor {
  let launched: number | undefined
  let launchAt = 0
  let missingSince: number | undefined
  let failures = 0
  let looking: NodeJS.Timeout | undefined

  function look(): void {
    const owner = lockOwner(state)
    const isOff = existsSync(join(state, OFF))
    const now = performance.now()
    missingSince = owner ? undefined : (missingSince ?? now)
    if (owner) {
      if (isOff) sendSignal(owner.pid, 'SIGTERM')
      return
    }
    if (isOff || now < launchAt || isComing()) return
    // Its agent is nearer.
    if (now - (missingSince ?? now) < AGENT_MS && livingPart(state, NODE_PART)) return
    failures = now - launchAt > STEADY_MS ? 0 : failures + 1
    if (launched !== undefined) log(`the spawner of ${state} has ended; starting it again`)
    launched = launchSpawner({ stateDir: state, words })
    launchAt = now + restartDelayMs(failures)
  }

  const isComing = (): boolean => launched !== undefined && isAlive({ pid: launched, startTime: '' })

  return {
    start() {
      look()
      looking = setInterval(look, LOOK_MS)
    },
    async stop(graceMs) {
      clearInterval(looking)
      const begun = performance.now()
      let signalled: number | undefined
      for (;;) {
        const owner = lockOwner(state)
        const agent = livingPart(state, NODE_PART)
        const past = performance.now() - begun
        if (!owner && (!agent || past > REPLACE_MS) && !isComing()) {
          if (agent) sendSignal(agent.pid, 'SIGKILL')
          return
        }
        if (owner && owner.pid !== signalled) {
          signalled = owner.pid
          sendSignal(owner.pid, 'SIGTERM')
        }
        if (past > graceMs) for (const each of [agent, owner]) if (each) sendSignal(each.pid, 'SIGKILL')
        await new Promise(resume => setTimeout(resume, WAIT_MS))
      }
    },
  }
}
