/**
 * How much input one map task reads. Large enough that starting a task costs little, small enough that every slot has several (so that
 * one slow task delays little and a lost one is little lost), and, since tasks are of equal size, whole rounds of all slots.
 */
import { formatBytes, plural } from '../../base/units.ts'
import { type Choice, FIXED } from './choice.ts'
import type { BatchCapacity } from './plan.ts'

const MEBI = 1024 * 1024
/** Hadoop's and Spark's defaults are one to two times this; on one machine a lost task of this size costs about a second. */
const TARGET_SPLIT_BYTES = 64 * MEBI
/** Below this a task's start and its shuffle files cost more than the parallelism brings. */
const LEAST_SPLIT_BYTES = 4 * MEBI
const TASKS_PER_SLOT = 3

export function chooseSplitBytes(bytes: number, { slots }: BatchCapacity, fixed: number | undefined): Choice<number> {
  const total = formatBytes(bytes)
  if (fixed !== undefined) return { value: fixed, because: `${total} in splits of ${formatBytes(fixed)}, ${FIXED}` }
  const bySize = Math.ceil(bytes / TARGET_SPLIT_BYTES)
  const atMost = Math.max(1, Math.floor(bytes / LEAST_SPLIT_BYTES))
  const wanted = Math.max(bySize, Math.min(TASKS_PER_SLOT * slots, atMost))
  const rounds = Math.ceil(wanted / slots)
  const count = wanted >= slots ? Math.min(rounds * slots, Math.max(bySize, atMost)) : wanted
  const value = Math.max(1, Math.ceil(bytes / count))
  const each = `${total} in splits of ${formatBytes(value)}`
  if (count === 1) return { value, because: `${total} are little enough for one task` }
  if (bySize >= TASKS_PER_SLOT * slots)
    return { value, because: `${each}, since a task of about 64 MiB is soon made again` }
  if (wanted < TASKS_PER_SLOT * slots) return { value, because: `${each}, since tasks below 4 MiB would not pay` }
  return { value, because: `${each}, so that each of ${plural(slots, 'slot')} has ${Math.ceil(count / slots)} or more` }
}
