/** Between how many workers the number follows the queue of tasks. */
import { plural } from '../../base/units.ts'
import type { BatchJobSpec } from '../../spec/kinds.ts'
import { type Choice, FIXED } from './choice.ts'
import type { BatchCapacity } from './plan.ts'

type Range = { readonly min: number; readonly max: number }

/** `tasks`: of the larger stage. A worker runs one task at a time. */
export function chooseWorkers(tasks: number, { slots }: BatchCapacity, given: BatchJobSpec['workers']): Choice<Range> {
  const useful = Math.max(1, Math.min(slots, tasks))
  const max = given?.max ?? Math.max(useful, given?.min ?? 1)
  const min = Math.min(given?.min ?? 1, max)
  return { value: { min, max }, because: because({ min, max }, tasks, slots, given) }
}

function because({ max }: Range, tasks: number, slots: number, given: BatchJobSpec['workers']): string {
  if (slots < 1) return `no room for a worker now: ${max === 1 ? 'it waits' : 'they wait'} for it`
  const bounds = given?.max !== undefined ? FIXED : limitOf(tasks, slots, given?.min)
  if (max <= slots) return bounds
  const [more, wait] = [max - slots, max - slots === 1 ? 'waits' : 'wait']
  return `${bounds}; ${more} of them ${wait} until there is room for more than ${slots}`
}

function limitOf(tasks: number, slots: number, min: number | undefined): string {
  const limit =
    tasks < slots ? `no more than ${plural(tasks, 'task')} at once` : `room for ${plural(slots, 'task')} at once`
  return min === undefined ? limit : `at least ${min}, ${FIXED}; ${limit}`
}
