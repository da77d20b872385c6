/**
 * Memory of the fullest rank from below, without stages or schedules. Ranks share the layers of a shape, and rank r of p holds at least
 * min(m, p - r) micro-batches of its own in every schedule (1F1B holds no more): if each of its layers costs c_r bytes, the fullest rank has
 * at least n / sum(1 / c_r), however the n layers are dealt out.
 */
import type { Recompute } from '../training/layout.ts'
import type { CutEntry } from './cut-entry.ts'
import type { SearchProblem } from './problem.ts'
import { FULL_RECOMPUTE } from './recompute-options.ts'
import type { Elements, Grid } from './stage-costs.ts'
import type { ShapeCounts } from './stages.ts'
import { stateChoices } from './state-options.ts'

export class MemoryFloor {
  readonly #problem: SearchProblem
  readonly #counts: ShapeCounts
  readonly #states = new Map<string, readonly number[]>()
  readonly #recompute: Recompute

  constructor(problem: SearchProblem, counts: ShapeCounts) {
    this.#problem = problem
    this.#counts = counts
    this.#recompute = problem.fixed.recompute ?? FULL_RECOMPUTE
  }

  /** With the allocator's reserve and what lies outside of it. */
  bytes(entry: CutEntry, grid: Grid, microBatches: number): number {
    const { costs } = this.#problem
    const states = this.#stateBytes(entry, grid)
    let most = 0
    for (let shape = 0; shape < this.#counts.shapes; shape++) {
      const kept = entry.costs.keptBytes(shape, this.#recompute)
      let shares = 0
      for (let rank = 0; rank < grid.pipeline; rank++)
        shares += 1 / (states[shape]! + kept * Math.min(microBatches, grid.pipeline - rank))
      most = Math.max(most, this.#counts.total[shape]! / shares)
    }
    return costs.reservedBytes(most, 0) + costs.outsideBytes(grid)
  }

  /** Of one layer of each shape, as light as it may be. */
  #stateBytes(entry: CutEntry, grid: Grid): readonly number[] {
    const key = `${grid.tensor}/${grid.expert}/${grid.expertTensor}/${grid.data}/${grid.context}/${grid.pipeline > 1}`
    let known = this.#states.get(key)
    if (!known) {
      const choices = stateChoices(this.#problem, grid)
      const of = (elements: Elements): number =>
        Math.min(...choices.map(choice => this.#problem.costs.stateBytes(grid, choice, elements).bytes))
      known = this.#counts.total.map((_, shape) => of(entry.costs.elements(shape)))
      this.#states.set(key, known)
    }
    return known
  }
}
