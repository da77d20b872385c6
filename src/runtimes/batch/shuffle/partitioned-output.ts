/** A map task's output while it is written: one file, and for each partition the extents that hold its blocks. */
import type { ColumnType } from '../table/column-type.ts'
import { type Dictionary, partitionOf } from '../table/dictionary.ts'
import { type Extent, SegmentWriter } from './segment-file.ts'

/** What a map task tells about the pairs it made. */
export interface PairStatistics {
  readonly keyType: ColumnType | undefined
  readonly valueType: ColumnType | undefined
  readonly pairs: number
}

/** What a map task made: where each partition's pairs lie, and what they are. */
export interface MappedPairs extends PairStatistics {
  readonly segments: readonly (readonly Extent[])[]
}

export class PartitionedOutput {
  readonly partitions: number
  readonly segments: [string, number, number][][]
  private readonly writer: SegmentWriter

  constructor(path: string, partitions: number) {
    this.partitions = partitions
    this.segments = Array.from({ length: partitions }, () => [])
    this.writer = new SegmentWriter(path)
  }

  append(partition: number, block: Uint8Array): void {
    this.writer.append(block, this.segments[partition]!)
  }

  /** Begins a new extent in each partition: the blocks that follow are a sorted run of their own. */
  startRun(): void {
    for (const extents of this.segments) extents.push(['', 0, 0])
  }

  get bytes(): number {
    return this.writer.bytes
  }

  close(): readonly (readonly Extent[])[] {
    this.writer.close()
    return this.segments.map(extents => extents.filter(([, , length]) => length > 0))
  }
}

/** The ids of a table by partition, in the order in which the keys came. */
export function idsByPartition(dictionary: Dictionary, partitions: number): readonly Uint32Array[] {
  const { count, hashes } = dictionary
  const sizes = new Uint32Array(partitions)
  for (let id = 0; id < count; id++) sizes[partitionOf(hashes[id]!, partitions)]!++
  const lists = Array.from(sizes, size => new Uint32Array(size))
  sizes.fill(0)
  for (let id = 0; id < count; id++) {
    const partition = partitionOf(hashes[id]!, partitions)
    lists[partition]![sizes[partition]!++] = id
  }
  return lists
}
