/** Whether a layout is one of those that a question asks about. */
import type { Layout, Recompute } from '../training/layout.ts'
import { sameRecompute } from './pipeline-score.ts'
import { CHOICES, devicesUsed, type Question } from './problem.ts'

export function answers(
  layout: Layout,
  { without = {}, within, maxDevices = Number.POSITIVE_INFINITY }: Question,
): boolean {
  if (devicesUsed(layout) > maxDevices) return false
  if (within && !WITHIN.every(axis => within[axis].includes(layout[axis]))) return false
  return CHOICES.every(choice => {
    const left = without[choice]
    if (left === undefined) return true
    return choice === 'recompute' ? !sameRecompute(left as Recompute, layout.recompute) : left !== layout[choice]
  })
}

const WITHIN = ['tensor', 'context', 'pipeline', 'expert', 'microBatch'] as const
