/** One worker killed (-9) at a random moment, many times: the output must be the same and never be seen half-done. */
import type { ChildProcess } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { progress } from '../harness/report.ts'
import { mustEqual } from './rivals.ts'
import { type JobOptions, type JobRun, runDirect } from './word-job.ts'

export interface KillsResult {
  readonly seconds: readonly number[]
  /** Files that changed after they were first seen, or that were there before all were. */
  readonly sightings: readonly string[]
}

export async function killWorkers(times: number, options: JobOptions, calm: JobRun): Promise<KillsResult> {
  const seconds: number[] = []
  const sightings: string[] = []
  for (let i = 0; i < times; i++) {
    const watcher = watchOutput(join(options.folder, 'out'))
    // Anywhere from before the first task to the last moments of the job.
    const delayMs = Math.random() * calm.seconds * 1000
    const victims: ChildProcess[] = []
    const timer = setTimeout(() => victims.at(Math.floor(Math.random() * options.slots))?.kill('SIGKILL'), delayMs)
    const run = await runDirect({
      ...options,
      onStart: (role, child) => {
        if (role.startsWith('worker') && victims.length < options.slots) victims.push(child)
      },
    })
    clearTimeout(timer)
    sightings.push(...watcher.stop())
    mustEqual(run, calm, `killed after ${Math.round(delayMs)} ms`)
    seconds.push(run.seconds)
    progress(`kill ${i + 1} of ${times}`)
  }
  return { seconds, sightings }
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
