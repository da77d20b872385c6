/** Running a rival as a process of its own, and comparing results. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { packageRoot } from '../../src/base/package-root.ts'

const run = promisify(execFile)

export interface WordCount {
  readonly words: number
  readonly total: number
  readonly sum: number
}

export interface RivalRun extends WordCount {
  readonly milliseconds: number
}

export async function runRival(name: 'plain' | 'tuned' | 'duckdb', ...args: readonly string[]): Promise<RivalRun> {
  const program = join(packageRoot(), `bench/rivals/words-${name}.mjs`)
  const { stdout } = await run(process.execPath, [program, ...args])
  return JSON.parse(stdout) as RivalRun
}

export function mustEqual(a: WordCount, b: WordCount, what: string): void {
  if (a.words === b.words && a.total === b.total && a.sum === b.sum) return
  throw new Error(`${what}: ${JSON.stringify(a)} is not ${JSON.stringify(b)}`)
}
