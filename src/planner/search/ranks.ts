/** What the ranks of some stages hold and what their states cost, computed when first asked. */
import type { Recompute } from '../training/layout.ts'
import type { Priced } from './cut-entry.ts'
import type { Node } from './node.ts'
import type { StageSeconds } from './pipeline-bound.ts'
import { type PricedState, pricedStates } from './priced-states.ts'
import type { RecomputeOption } from './recompute-options.ts'
import type { CutCosts, StateChoice } from './stage-costs.ts'
import { type RankLoad, rankLoads, stageSeconds, whole } from './stage-sums.ts'
import type { Stages } from './stages.ts'

type Working = ReturnType<CutCosts['working']>
interface Known {
  readonly loads: readonly RankLoad[]
  readonly states: readonly PricedState[]
}

export class Ranks {
  readonly #of: () => Known
  readonly #costs: CutCosts
  readonly #working = new Map<Recompute, Working[]>()
  readonly #seconds = new Map<RecomputeOption, StageSeconds>()
  readonly #secondsOf: (recompute: RecomputeOption) => StageSeconds
  #known: Known | undefined

  constructor({ problem, entry, counts, grid }: Node, stages: Stages, priced: Priced, choices: readonly StateChoice[]) {
    this.#costs = entry.costs
    this.#secondsOf = recompute => stageSeconds(counts, stages, whole(recompute), priced)
    this.#of = () => {
      const loads = rankLoads(entry, counts, stages, priced, grid.pipeline)
      return { loads, states: pricedStates(problem, grid, loads, choices) }
    }
  }

  get known(): Known {
    this.#known ??= this.#of()
    return this.#known
  }

  /** Of every stage, when all its layers are recomputed like this. */
  seconds(recompute: RecomputeOption): StageSeconds {
    let seconds = this.#seconds.get(recompute)
    if (!seconds) {
      seconds = this.#secondsOf(recompute)
      this.#seconds.set(recompute, seconds)
    }
    return seconds
  }

  /** By rank. All choices of one exchange work alike. */
  working(recompute: Recompute, { zero, shardRanks }: StateChoice): readonly Working[] {
    let working = this.#working.get(recompute)
    if (!working) {
      working = this.known.loads.map(({ kind }) => this.#costs.working(recompute, kind, zero, shardRanks > 1))
      this.#working.set(recompute, working)
    }
    return working
  }
}
