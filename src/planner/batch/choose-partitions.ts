/** How many reduce tasks there are, each of which writes one file. */
import { formatBytes, plural } from '../../base/units.ts'
import type { BatchJobSpec } from '../../spec/kinds.ts'
import { type Choice, fixedTo } from './choice.ts'
import type { BatchCapacity } from './plan.ts'

const MEBI = 1024 * 1024
/** Below this much input one reduce task is done before a second one would have started. */
const ONE_PARTITION_BYTES = 16 * MEBI
/** Combined map output is far smaller than the input: a partition may stand for more of it. */
const COMBINED_BYTES = 512 * MEBI
const UNCOMBINED_BYTES = 64 * MEBI
/** Sorting a partition within this share of a worker's memory takes one pass. */
const SORT_SHARE = 1 / 4
const MOST = 1024

export function choosePartitions(
  { by }: BatchJobSpec['reduce'],
  bytes: number,
  combine: boolean,
  { slots, workerMemoryBytes }: BatchCapacity,
  fixed: number | undefined,
): Choice<number> {
  if (fixed !== undefined) return fixedTo(fixed)
  if (by === 'topK') return { value: 1, because: 'the largest of all pairs are chosen in one place' }
  if (bytes <= ONE_PARTITION_BYTES) return { value: 1, because: `${formatBytes(bytes)} of input are reduced at once` }
  const each = combine ? COMBINED_BYTES : Math.min(UNCOMBINED_BYTES, Math.floor(workerMemoryBytes * SORT_SHARE))
  const bySize = Math.ceil(bytes / each)
  const useful = Math.ceil(bytes / ONE_PARTITION_BYTES)
  if (bySize <= slots && useful < slots) {
    return { value: useful, because: `${formatBytes(bytes)} of input pay for no more than one for each 16 MiB` }
  }
  if (bySize <= slots) return { value: slots, because: `one for each of ${plural(slots, 'slot')}` }
  const what = combine ? 'input, which combining makes much smaller,' : 'input, all of which is moved,'
  return {
    value: Math.min(bySize, MOST),
    because: `one for each ${formatBytes(each)} of ${what} and no fewer than slots`,
  }
}
