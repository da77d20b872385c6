/** One cut in one grid, and what a question makes of it: what the scoring of layouts is handed and hands back. */
import type { Layout, RecomputeModule } from '../training/layout.ts'
import type { CutEntry } from './cut-entry.ts'
import type { Question, SearchProblem } from './problem.ts'
import type { Grid } from './stage-costs.ts'
import type { ShapeCounts } from './stages.ts'

export interface Scored {
  readonly layout: Layout
  /** The layout takes at least so long. */
  readonly leastSeconds: number
  readonly neededBytes: number
}

/** Counts over many nodes. */
export interface Tally {
  /** Time and memory computed whole. */
  scored: number
  fitting: number
  tooSlow: number
  tooLarge: number
  /** Of the layouts that are too large, the one that comes nearest. */
  nearestBytes: number
  nearest: Layout | undefined
}

export interface Node {
  readonly problem: SearchProblem
  readonly question: Question
  readonly counts: ShapeCounts
  readonly modules: readonly RecomputeModule[]
  readonly entry: CutEntry
  readonly grid: Grid
  readonly microBatches: number
}

export interface Sink {
  readonly tally: Tally
  /** At or above it nothing is wanted. */
  readonly limit: () => number
  readonly offer: (scored: Scored) => void
}

export const capacityOf = ({ problem, question }: Pick<Node, 'problem' | 'question'>): number =>
  Math.min(problem.costs.capacityBytes, question.memoryBytes ?? Number.POSITIVE_INFINITY)
