/** The last choice of `topK`: the k largest of what the map tasks kept, largest first. */

import { jsonAt } from '../table/accumulators.ts'
import { decodeUnits } from '../table/string-dictionary.ts'
import type { EachRow } from './aggregated-rows.ts'
import type { Block } from './block.ts'
import type { SegmentReader } from './segment-file.ts'
import { type Scalar, TopPairs } from './top-pairs.ts'

export async function topRows(
  readers: Iterable<SegmentReader>,
  k: number,
  each: EachRow,
  pause: () => Promise<void>,
): Promise<void> {
  const top = new TopPairs(k)
  for (const reader of readers) {
    for (let block = reader.next(); block; block = reader.next()) addAll(block, top)
    reader.close()
    await pause()
  }
  for (const { key, value } of top.sorted()) each(key, value)
}

function addAll(block: Block, top: TopPairs): void {
  for (let i = 0; i < block.keys; i++) {
    const key =
      block.key === 'number'
        ? block.keyNumbers[i]!
        : decodeUnits(block.units, i === 0 ? 0 : block.keyEnds[i - 1]!, block.keyEnds[i]!)
    top.add({ key, value: block.value === 'json' ? (jsonAt(block, i) as Scalar) : block.cells[i]! })
  }
}
