/**
 * Keeps the journal short: when it has outgrown the state, the state is written as a snapshot beside the writes, and the segments that it
 * covers go. A failure (a full disk) costs nothing but a longer journal; it is tried again when the journal has grown further.
 */
import type { Disk } from './disk.ts'
import type { Journal } from './journal.ts'
import { parseSnapshotName, type Snapshot, snapshotName, TEMPORARY, writeSnapshot } from './snapshot.ts'

export class Compaction {
  private readonly disk: Disk
  private readonly journal: Journal
  private readonly leastBytes: number
  private readonly warn: (message: string) => void
  /** Size of the journal at which the next one is due. */
  private dueBytes: number
  private running: Promise<void> | undefined

  constructor(
    disk: Disk,
    journal: Journal,
    options: { readonly leastBytes: number; readonly snapshotBytes: number; readonly warn: (message: string) => void },
  ) {
    this.disk = disk
    this.journal = journal
    this.leastBytes = options.leastBytes
    this.warn = options.warn
    this.dueBytes = Math.max(this.leastBytes, options.snapshotBytes)
  }

  get isDue(): boolean {
    return this.running === undefined && this.journal.bytes > this.dueBytes
  }

  /** Between two appends: `snapshot` is the state after all that the journal holds. Goes on by itself. */
  begin(snapshot: Snapshot): void {
    this.running = this.run(snapshot)
      .catch(error => {
        this.dueBytes = this.journal.bytes + this.leastBytes
        this.warn(
          `the store could not be compacted, its journal grows: ${error instanceof Error ? error.message : error}`,
        )
        return this.disk.remove(snapshotName(snapshot.revision) + TEMPORARY).catch(() => {})
      })
      .finally(() => {
        this.running = undefined
      })
  }

  async settled(): Promise<void> {
    await this.running
  }

  private async run(snapshot: Snapshot): Promise<void> {
    const covered = this.journal.turnPage()
    const snapshotBytes = await writeSnapshot(this.disk, snapshot)
    this.dueBytes = Math.max(this.leastBytes, snapshotBytes)
    await this.journal.forget(covered)
    for (const name of await this.disk.list()) {
      if ((parseSnapshotName(name) ?? snapshot.revision) < snapshot.revision) await this.disk.remove(name)
    }
  }
}
