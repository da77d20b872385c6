/**
 * Reads the store's folder after whatever happened: the newest snapshot, then the journal's changes behind it. What follows a torn record was
 * never acknowledged and is cut off; what is read is made safe before anyone sees it. A gap in the revisions is damage, and said.
 */
import { type ChangeRecord, decodeChange } from './change-record.ts'
import type { Disk } from './disk.ts'
import { Journal, parseSegmentName, type Segment } from './journal.ts'
import { decodeRecords } from './record.ts'
import { decodeSnapshot, parseSnapshotName, type Snapshot, snapshotName, TEMPORARY } from './snapshot.ts'

export interface RecoveredChange extends ChangeRecord {
  /** Its size in the journal. */
  readonly bytes: number
}

export interface Recovered {
  readonly snapshot: Snapshot
  readonly snapshotBytes: number
  /** Behind the snapshot, each one revision further. */
  readonly changes: readonly RecoveredChange[]
  readonly journal: Journal
}

export async function recover(disk: Disk): Promise<Recovered> {
  const names = await disk.list()
  const revisions = names.flatMap(name => parseSnapshotName(name) ?? [])
  const newest = Math.max(0, ...revisions)
  // A killed process may have left names that only the kernel knows: they are made safe before what they replace goes.
  await disk.syncFolder()
  const stale = names.filter(name => name.endsWith(TEMPORARY) || (parseSnapshotName(name) ?? newest) < newest)
  for (const name of stale) await disk.remove(name)

  const file = newest > 0 ? await disk.read(snapshotName(newest)) : undefined
  const snapshot = file ? decodeSnapshot(snapshotName(newest), file) : { revision: 0, entries: [] }
  const segments = names.flatMap(name => parseSegmentName(name) ?? []).sort((a, b) => a.number - b.number)
  const pages = await readSegments(disk, segments)
  const changes = pages.flatMap(page => page.changes).filter(change => change.revision > newest)
  checkUnbroken(changes, newest)

  const tail = await reopen(disk, pages.at(-1))
  await disk.syncFolder()
  const bytesInOlder = pages.slice(0, -1).reduce((sum, page) => sum + page.wholeBytes, 0)
  return {
    snapshot,
    snapshotBytes: file?.length ?? 0,
    changes,
    journal: new Journal(disk, segments, tail, bytesInOlder),
  }
}

interface ReadSegment {
  readonly segment: Segment
  readonly changes: readonly RecoveredChange[]
  /** Up to here the file is whole. */
  readonly wholeBytes: number
}

/** `segments` in order; changes that a later segment makes void are left out. */
async function readSegments(disk: Disk, segments: readonly Segment[]): Promise<readonly ReadSegment[]> {
  const read: ReadSegment[] = []
  let voidFrom = Number.POSITIVE_INFINITY
  for (const segment of [...segments].reverse()) {
    const whole = readChanges(await disk.read(segment.name))
    const limit = voidFrom
    read.unshift({ segment, ...whole, changes: whole.changes.filter(change => change.revision < limit) })
    voidFrom = Math.min(voidFrom, segment.first)
  }
  return read
}

function readChanges(file: Uint8Array): { changes: readonly RecoveredChange[]; wholeBytes: number } {
  const changes: RecoveredChange[] = []
  let wholeBytes = 0
  for (const { payload, end } of decodeRecords(file)) {
    changes.push({ ...decodeChange(payload), bytes: end - wholeBytes })
    wholeBytes = end
  }
  return { changes, wholeBytes }
}

function checkUnbroken(changes: readonly RecoveredChange[], base: number): void {
  for (const [index, { revision }] of changes.entries()) {
    const expected = base + index + 1
    if (revision !== expected) {
      throw new Error(`the journal is damaged: revision ${revision} follows where ${expected} belongs`)
    }
  }
}

/** The newest segment, cut to what is whole, and that made safe: a killed process may have left it in memory only. */
async function reopen(disk: Disk, last: ReadSegment | undefined) {
  if (last === undefined) return undefined
  const file = await disk.open(last.segment.name)
  await file.truncate(last.wholeBytes)
  await file.sync()
  return { segment: last.segment, file, safeBytes: last.wholeBytes }
}
