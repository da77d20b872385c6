/** What is different between two layouts, in words. */
import { CHOICES } from '../../search/problem.ts'
import type { Layout, Recompute } from '../../training/layout.ts'
import { recomputeInWords } from '../layout-words.ts'

/** `: tensor 4 becomes 2`; `, the same layout`. */
export function changesInWords(before: Layout, after: Layout): string {
  const changed = CHOICES.filter(choice => JSON.stringify(before[choice]) !== JSON.stringify(after[choice]))
  // How wide states are sharded and how many copies there are follow from the degrees.
  const told = changed.filter(choice => choice !== 'shardRanks' || changed.length === 1).slice(0, 3)
  if (told.length === 0) return ', the same layout'
  return `: ${told.map(choice => `${choice} ${word(before[choice])} becomes ${word(after[choice])}`).join(', ')}`
}

const word = (value: unknown): string => {
  if (typeof value === 'boolean') return value ? 'on' : 'off'
  return typeof value === 'object' ? recomputeInWords(value as Recompute) : String(value)
}
