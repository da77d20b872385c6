/**
 * The journal: every change as a record, appended to the newest of a row of segments and synced before it counts. A segment is named
 * `journal-<number>-<first>`: what older segments hold at or above the revision `first` is void. So a group that the disk refused
 * half-way, and of which no rest could be cut off, never comes back once a later write was acknowledged.
 */
import type { Disk, DiskFile } from './disk.ts'

export interface Segment {
  readonly name: string
  readonly number: number
  readonly first: number
}

const padded = (value: number, digits: number): string => String(value).padStart(digits, '0')

export const segmentName = (number: number, first: number): string =>
  `journal-${padded(number, 8)}-${padded(first, 16)}`

export function parseSegmentName(name: string): Segment | undefined {
  const [, number, first] = /^journal-(\d{8})-(\d{16})$/.exec(name) ?? []
  return number === undefined ? undefined : { name, number: Number(number), first: Number(first) }
}

/** A segment under way, and how many of its bytes are safe. */
interface Tail {
  readonly segment: Segment
  readonly file: DiskFile
  safeBytes: number
}

/** Ended segments and the bytes that count in them. */
export interface Pages {
  readonly segments: readonly Segment[]
  readonly bytes: number
}

export class Journal {
  private readonly disk: Disk
  private segments: Segment[]
  private tail: Tail | undefined
  private bytesInOlder: number
  /** Never used twice, not even after a removal: what is removed may come back with a crash. */
  private nextNumber: number

  /** `tail`: the newest segment, where it may be appended to; its bytes are cut to those that are whole and safe. */
  constructor(disk: Disk, segments: readonly Segment[], tail: Tail | undefined, bytesInOlder: number) {
    this.disk = disk
    this.segments = [...segments]
    this.tail = tail
    this.bytesInOlder = bytesInOlder
    this.nextNumber = (segments.at(-1)?.number ?? 0) + 1
  }

  /** Of all segments: what a recovery would read. */
  get bytes(): number {
    return this.bytesInOlder + (this.tail?.safeBytes ?? 0)
  }

  /** Returns when the records, the first of which has the revision `first`, are safe. Where it throws none of them counts. */
  async append(records: readonly Uint8Array[], first: number): Promise<void> {
    const tail = this.tail ?? (await this.begin(first))
    const bytes = records.length === 1 ? records[0]! : Buffer.concat(records)
    try {
      await tail.file.append(bytes)
    } catch (refusal) {
      await this.cut(tail)
      throw refusal
    }
    try {
      await tail.file.sync()
    } catch (refusal) {
      // After a failed fsync the kernel may call lost pages clean: nothing more is trusted to this file.
      await this.abandon(tail)
      throw refusal
    }
    tail.safeBytes += bytes.length
  }

  /** Ends the segment under way: all that was written until now lies in the segments returned. Not while an `append` runs. */
  turnPage(): Pages {
    const { tail } = this
    this.tail = undefined
    this.bytesInOlder += tail?.safeBytes ?? 0
    // All of it is synced, so a failing close loses nothing.
    tail?.file.close().catch(() => {})
    return { segments: [...this.segments], bytes: this.bytesInOlder }
  }

  /** Removes what a snapshot has made needless. */
  async forget({ segments, bytes }: Pages): Promise<void> {
    this.segments = this.segments.filter(segment => !segments.includes(segment))
    this.bytesInOlder -= bytes
    for (const { name } of segments) await this.disk.remove(name)
  }

  async close(): Promise<void> {
    await this.tail?.file.close()
    this.tail = undefined
  }

  private async begin(first: number): Promise<Tail> {
    const number = this.nextNumber++
    const segment = { name: segmentName(number, first), number, first }
    const file = await this.disk.create(segment.name)
    this.segments.push(segment)
    this.tail = { segment, file, safeBytes: 0 }
    try {
      await this.disk.syncFolder()
    } catch (refusal) {
      await this.abandon(this.tail)
      throw refusal
    }
    return this.tail
  }

  /** Takes back what was appended and not synced. */
  private async cut(tail: Tail): Promise<void> {
    try {
      await tail.file.truncate(tail.safeBytes)
      await tail.file.sync()
    } catch {
      await this.abandon(tail)
    }
  }

  /** Leaves the segment as it is; the next write begins another, which makes void what is not safe in this one. */
  private async abandon(tail: Tail): Promise<void> {
    this.tail = undefined
    this.bytesInOlder += tail.safeBytes
    await tail.file.truncate(tail.safeBytes).catch(() => {})
    await tail.file.sync().catch(() => {})
    await tail.file.close().catch(() => {})
    // An empty one is removed, lest a disk that stays full collects them.
    if (tail.safeBytes > 0) return
    await this.disk.remove(tail.segment.name).then(
      () => {
        this.segments = this.segments.filter(each => each !== tail.segment)
      },
      () => {},
    )
  }
}
