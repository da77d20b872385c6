/** Memory of the fullest rank from below, without stages or schedules: the mean of all parameters, kept as lightly as may be. */
import type { CutEntry } from './cut-entry.ts'
import type { SearchProblem } from './problem.ts'
import type { Elements, Grid } from './stage-costs.ts'
import type { ShapeCounts } from './stages.ts'
import { stateChoices } from './state-options.ts'

export class MemoryFloor {
  readonly #problem: SearchProblem
  readonly #counts: ShapeCounts
  readonly #known = new Map<string, number>()

  constructor(problem: SearchProblem, counts: ShapeCounts) {
    this.#problem = problem
    this.#counts = counts
  }

  /** Of the states, with the allocator's reserve and what lies outside of it. */
  bytes(entry: CutEntry, grid: Grid): number {
    const key = `${grid.tensor}/${grid.expert}/${grid.expertTensor}/${grid.pipeline}/${grid.data}/${grid.context}`
    let known = this.#known.get(key)
    if (known === undefined) {
      known = this.#bytes(entry, grid)
      this.#known.set(key, known)
    }
    return known
  }

  #bytes(entry: CutEntry, grid: Grid): number {
    const { costs } = this.#problem
    const mean = this.#mean(entry, grid)
    let least = Number.POSITIVE_INFINITY
    for (const choice of stateChoices(this.#problem, grid)) {
      const { bytes, strandedBytes } = costs.stateBytes(grid, choice, mean)
      least = Math.min(least, costs.reservedBytes(bytes, strandedBytes))
    }
    return least + costs.outsideBytes(grid)
  }

  #mean({ costs }: CutEntry, { pipeline }: Grid): Elements {
    let dense = costs.embeddingElements.dense + costs.headElements(true).dense
    let experts = 0
    for (let shape = 0; shape < this.#counts.shapes; shape++) {
      const own = costs.elements(shape)
      dense += this.#counts.total[shape]! * own.dense
      experts += this.#counts.total[shape]! * own.experts
    }
    return { dense: dense / pipeline, experts: experts / pipeline }
  }
}
