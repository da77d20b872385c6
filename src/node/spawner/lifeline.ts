/**
 * What containers hang on: a FIFO that this process holds open for writing, whose end they notice, and the wrapper that notices it.
 * Opened read-write first, so that opening it for reading does not block.
 */
import { execFile } from 'node:child_process'
import { existsSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { CONTAINER_SCRIPT } from './container-script.ts'

export interface Lifeline {
  readonly fifo: string
  readonly script: string
  /** Descriptor that containers inherit for reading. */
  readonly reading: number
  /**
   * Words before a command that let the kernel kill it when its wrapper dies, where there is such a tool (util-linux). Only a backstop:
   * the spawner kills the group of a dead wrapper, and the guard does when the spawner is dead too.
   */
  readonly deathSignal: readonly string[]
}

const execute = promisify(execFile)

export async function openLifeline(folder: string): Promise<Lifeline> {
  const fifo = join(folder, 'alive')
  const [deathSignal] = await Promise.all([findDeathSignal(), existsSync(fifo) ? undefined : makeFifo(fifo)])
  openSync(fifo, 'r+')
  const script = join(folder, 'container.sh')
  writeFileSync(`${script}.new`, CONTAINER_SCRIPT, { mode: 0o600 })
  renameSync(`${script}.new`, script)
  return { fifo, script, reading: openSync(fifo, 'r'), deathSignal }
}

async function makeFifo(fifo: string): Promise<void> {
  const draft = `${fifo}.${process.pid}`
  rmSync(draft, { force: true })
  await execute('mkfifo', ['-m', '600', draft])
  renameSync(draft, fifo)
}

async function findDeathSignal(): Promise<readonly string[]> {
  if (process.platform !== 'linux') return []
  const prefix = ['setpriv', '--pdeathsig', 'KILL', '--']
  const works = await execute(prefix[0]!, [...prefix.slice(1), 'true']).then(
    () => true,
    () => false,
  )
  return works ? prefix : []
}
