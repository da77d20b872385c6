/**
 * The output folder. Attempts write under names of their own in a hidden folder on the same file system; the first to finish a partition
 * is recorded there, exclusively; when all are recorded, each file is linked under its final name, `_SUCCESS` last. So nobody ever sees a
 * partial file, a doubled one, or files of a job that fails, and a new coordinator finds what the old one had.
 */
import { link, mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { OutputFormat } from '../../../spec/kinds.ts'
import { UserError } from '../failure.ts'
import { pathOf } from '../input/byte-chunks.ts'
import type { ReduceOutput } from '../protocol.ts'

const SUCCESS = '_SUCCESS'

export interface OutputSummary {
  readonly uri: string
  readonly files: number
  readonly rows: number
  readonly bytes: number
}

export class OutputFolder {
  readonly folder: string
  readonly staging: string
  private readonly uri: string
  private readonly format: OutputFormat

  constructor(uri: string, format: OutputFormat, run: string) {
    this.uri = uri
    this.folder = pathOf(uri)
    this.format = format
    this.staging = join(this.folder, `.solvent-${run}`)
  }

  /** Makes the folders; the outputs that an earlier coordinator of this run has committed. */
  async open(partitions: number): Promise<readonly ReduceOutput[]> {
    await mkdir(this.folder, { recursive: true }).catch(error => {
      throw new UserError(`the output folder ${this.folder} cannot be made: ${(error as Error).message}`)
    })
    const entries = await readdir(this.folder)
    const isOurs = entries.includes(basename(this.staging))
    const finals = new Set(Array.from({ length: partitions }, (_, index) => this.finalName(index)))
    const foreign = entries.find(
      name => name !== basename(this.staging) && !(isOurs && (finals.has(name) || name === SUCCESS)),
    )
    if (foreign !== undefined) {
      throw new UserError(`the output folder ${this.folder} is not empty: it holds ${foreign}`)
    }
    await mkdir(this.staging, { recursive: true })
    const records = await Promise.all(Array.from({ length: partitions }, (_, index) => this.readRecord(index)))
    return records.filter(record => record !== undefined)
  }

  stagedPath(partition: number): string {
    const unique = Math.random().toString(36).slice(2, 10)
    return join(this.staging, `${this.finalName(partition)}.${unique}`)
  }

  /** True when this output is the partition's, false when another was first; then its file is gone. */
  async commit(output: ReduceOutput): Promise<boolean> {
    const record = this.recordPath(output.partition)
    const draft = `${output.stagedPath}.json`
    await writeFile(draft, JSON.stringify(output))
    const won = await linkNew(draft, record)
    await rm(draft, { force: true })
    if (!won) await rm(output.stagedPath, { force: true })
    return won
  }

  /** Forgets a committed output, to be made again. */
  async revoke(output: ReduceOutput): Promise<void> {
    await rm(this.recordPath(output.partition), { force: true })
    await rm(output.stagedPath, { force: true })
  }

  /** All files under their final names, then `_SUCCESS`. Can be called again after a crash half-way. */
  async publish(outputs: readonly ReduceOutput[]): Promise<OutputSummary> {
    for (const { stagedPath, partition } of outputs) {
      const final = join(this.folder, this.finalName(partition))
      if (await linkNew(stagedPath, final)) continue
      if (!(await isSameFile(stagedPath, final))) {
        throw new UserError(`somebody else wrote ${final} while the job ran`)
      }
    }
    await syncFolder(this.folder)
    await writeFile(join(this.folder, SUCCESS), '')
    const rows = outputs.reduce((sum, output) => sum + output.rows, 0)
    const bytes = outputs.reduce((sum, output) => sum + output.bytes, 0)
    return { uri: this.uri, files: outputs.length, rows, bytes }
  }

  /** The hidden folder goes: after the end, whichever it is. */
  async close(): Promise<void> {
    await rm(this.staging, { recursive: true, force: true })
  }

  private finalName(partition: number): string {
    return `part-${String(partition).padStart(5, '0')}.${this.format}`
  }

  private recordPath(partition: number): string {
    return join(this.staging, `${this.finalName(partition)}.commit`)
  }

  private async readRecord(partition: number): Promise<ReduceOutput | undefined> {
    const path = this.recordPath(partition)
    try {
      return JSON.parse(await readFile(path, 'utf8')) as ReduceOutput
    } catch {
      // Never written whole: as if it had not been.
      await rm(path, { force: true })
      return undefined
    }
  }
}

/** `from` under the name `to` as well, unless that exists. File systems without hard links get a look and a rename. */
async function linkNew(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return false
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'ENOSYS' && code !== 'EMLINK') throw error
    if ((await stat(to).catch(() => undefined)) !== undefined) return false
    await rename(from, to)
    return true
  }
}

async function isSameFile(a: string, b: string): Promise<boolean> {
  const [first, second] = await Promise.all([stat(a).catch(() => undefined), stat(b)])
  // Without hard links the staged name is gone once the file has its final one.
  return first === undefined || first.ino === second.ino
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
