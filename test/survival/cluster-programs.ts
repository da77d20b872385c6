/** The programs of a running cluster that may be killed at any time, by what they are. Pods, and what waits to become one, are none of them. */
import { lstatSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import type { EmbeddedCluster } from '../e2e/embedded-cluster.ts'

export interface Program {
  /** `spawner`, `server`, `scheduler`, …; of a further node with its name behind it. */
  readonly name: string
  readonly pid: number
}

const OURS = /\/(?:dist\/(spawner|proxy)\.cjs|bin\/(server)\.js|bin\/part\.js (\S+)) /

export function programsOf(cluster: EmbeddedCluster): readonly Program[] {
  return cluster.processes().flatMap(({ pid, command }) => {
    const [, ...kinds] = OURS.exec(`${command} `) ?? []
    const kind = kinds.find(Boolean)
    const [, state = ''] = /--state (\S+)/.exec(command) ?? []
    const node = state === cluster.state || state === '' ? '' : ` of ${basename(state)}`
    return kind && isRunning(pid) ? [{ name: `${kind}${node}`, pid }] : []
  })
}

export function kill(programs: readonly Program[], signal: NodeJS.Signals = 'SIGKILL'): void {
  for (const { pid } of programs) {
    try {
      process.kill(pid, signal)
    } catch {
      // It went with one that was killed before it.
    }
  }
}

/** All at the same moment: each is stopped first, so that none of them brings back one that went before it. */
export function killTogether(programs: readonly Program[]): void {
  kill(programs, 'SIGSTOP')
  kill(programs)
}

/** No zombie. */
function isRunning(pid: number): boolean {
  try {
    lstatSync(`/proc/${pid}/exe`)
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
