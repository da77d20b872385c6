/** The processes of a cluster as the kernel sees them: which are the cluster's own, what memory and time they take. */
import { readdirSync, readFileSync } from 'node:fs'

export interface Process {
  readonly pid: number
  readonly command: string
}

/** All that names the state folder in its command line or environment. Pods' own programs do not, unless `isPod` says so of them. */
export function processesOf(state: string, isPod: (command: string) => boolean): readonly Process[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap(name => {
      const command = read(`/proc/${name}/cmdline`).replaceAll('\0', ' ').trim()
      const belongs = command.includes(state) || read(`/proc/${name}/environ`).includes(state)
      return belongs && command !== '' && !isPod(command) ? [{ pid: Number(name), command }] : []
    })
}

/** Programs that `up` and the spawners start: what may be killed. */
export const isProgram = ({ command }: Process): boolean =>
  /\/(dist\/(spawner|proxy)\.cjs|bin\/(server|part)\.js) /.test(`${command} `)

/** Proportional set size: memory that several share counts to each in its part. */
export const pssBytes = ({ pid }: Process): number =>
  Number(/^Pss:\s+(\d+) kB/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0) * 1024

const TICKS_PER_SECOND = 100

export function cpuSeconds({ pid }: Process): number {
  const stat = read(`/proc/${pid}/stat`)
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / TICKS_PER_SECOND
}

/** None of them has time to bring another one back. */
export function killTogether(processes: readonly Process[]): void {
  for (const signal of ['SIGSTOP', 'SIGKILL'] as const) {
    for (const { pid } of processes) {
      try {
        process.kill(pid, signal)
      } catch {
        // It went with another one.
      }
    }
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'latin1')
  } catch {
    return ''
  }
}
