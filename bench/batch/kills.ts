/** One worker killed (-9) at a random moment, many times: the output must be the same and never be seen half-done. */
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { progress } from '../harness/report.ts'
import { mustEqual } from './rivals.ts'
import type { JobOptions, JobRun } from './word-job.ts'

export interface KillsResult {
  readonly seconds: readonly number[]
  /** A run in which nobody is killed before each of the others: other work on the machine then slows both. */
  readonly calm: readonly number[]
  /** Files that changed after they were first seen, or that were there before all were. */
  readonly sightings: readonly string[]
}

export async function killWorkers(
  times: number,
  folder: string,
  run: (onStart?: JobOptions['onStart']) => Promise<JobRun>,
): Promise<KillsResult> {
  const [seconds, calm, sightings] = [[] as number[], [] as number[], [] as string[]]
  while (seconds.length < times) {
    const undisturbed = await run()
    const watcher = watchOutput(join(folder, 'out'))
    // Anywhere from before the first task to the last moments of the job.
    const delayMs = Math.random() * undisturbed.seconds * 1000
    let timer: NodeJS.Timeout | undefined
    let killed: Promise<boolean> = Promise.resolve(false)
    const disturbed = await run(workers => {
      timer = setTimeout(() => {
        killed = killOne(workers)
      }, delayMs)
    })
    clearTimeout(timer)
    sightings.push(...watcher.stop())
    mustEqual(disturbed, undisturbed, `killed after ${Math.round(delayMs)} ms`)
    // A job may be over, or not have begun, at that moment: such a run tells nothing of kills.
    if (!(await killed)) continue
    calm.push(undisturbed.seconds)
    seconds.push(disturbed.seconds)
    progress(`kill ${seconds.length} of ${times}`)
  }
  return { seconds, calm, sightings }
}

async function killOne(workers: () => Promise<readonly number[]>): Promise<boolean> {
  try {
    const pids = await workers()
    const victim = pids[Math.floor(Math.random() * pids.length)]
    return victim !== undefined && process.kill(victim, 'SIGKILL')
  } catch {
    return false
  }
}

/** Looks every 5 ms, as a reader that polls would. */
function watchOutput(out: string): { stop(): readonly string[] } {
  const seen = new Map<string, number>()
  const wrong: string[] = []
  const look = (): void => {
    if (!existsSync(out)) return
    for (const name of readdirSync(out)) {
      if (name.startsWith('.')) continue
      const { size } = statSync(join(out, name), { throwIfNoEntry: false }) ?? { size: -1 }
      const before = seen.get(name)
      if (before !== undefined && before !== size) wrong.push(`${name} went from ${before} to ${size} bytes`)
      seen.set(name, size)
    }
  }
  // What an earlier run left is removed by the next one before it begins.
  const timer = setInterval(() => {
    if (!existsSync(out)) seen.clear()
    look()
  }, 5)
  return {
    stop() {
      clearInterval(timer)
      look()
      return wrong
    },
  }
}
