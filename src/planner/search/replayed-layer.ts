/**
 * One layer's times under every recompute: its passes are priced once, each operator's replay once, and a recompute adds up the replays of what
 * it runs again. The sum is that of `layerTimes`, to rounding.
 */
import {
  checkpointSeconds,
  type LayerPasses,
  type LayerQuestion,
  layerPasses,
  type PassTimes,
  type Replay,
  replayedWork,
  withReplay,
} from '../cost/step/layer-times.ts'
import { totalOf } from '../cost/step/parts.ts'
import { priceOperators } from '../cost/step/price-operators.ts'
import { MODULES, recomputedOperators, regionsOf } from '../cost/step/recomputed-operators.ts'
import type { LayerShape } from '../model/model.ts'
import type { Operator } from '../model/operator.ts'
import type { Recompute } from '../training/layout.ts'

export class ReplayedLayer {
  readonly #shape: LayerShape
  readonly #question: LayerQuestion
  readonly #operators: readonly Operator[]
  readonly #passes: LayerPasses
  readonly #plain: PassTimes
  readonly #times = new Map<Recompute, PassTimes>()
  #replays: Map<Operator, Replay> | undefined
  #partsSeconds: number | undefined

  constructor(shape: LayerShape, question: LayerQuestion) {
    this.#shape = shape
    this.#question = question
    const { operators, passes } = layerPasses(shape, question)
    this.#operators = operators
    this.#passes = passes
    this.#plain = withReplay(passes, { device: 0, host: 0 }, question)
  }

  times(recompute: Recompute): PassTimes {
    if (recompute.kind === 'none') return this.#plain
    let times = this.#times.get(recompute)
    if (!times) {
      times = this.#replayed(recompute)
      this.#times.set(recompute, times)
    }
    return times
  }

  /** Of the host, for as many checkpoints as all modules together are. */
  get partsSeconds(): number {
    this.#partsSeconds ??= checkpointSeconds(regionsOf(MODULES, this.#operators), this.#question)
    return this.#partsSeconds
  }

  #replayed(recompute: Recompute): PassTimes {
    const again = recomputedOperators(this.#operators, recompute, this.#question.software.family)
    if (again.operators.length === 0) return this.#plain
    let seconds = 0
    let attention = 0
    let launches = 0
    for (const operator of again.operators) {
      const own = this.#replay(operator)
      seconds += own.seconds
      attention += own.attention
      launches += own.launches
    }
    const work = replayedWork({ seconds, attention, launches }, again, this.#shape, this.#question)
    return withReplay(this.#passes, work, this.#question)
  }

  #replay(operator: Operator): Replay {
    this.#replays ??= new Map()
    let known = this.#replays.get(operator)
    if (!known) {
      const { parts, launches } = priceOperators([operator], 'forward', this.#question.prices)
      known = { seconds: totalOf(parts), attention: parts.attention, launches }
      this.#replays.set(operator, known)
    }
    return known
  }
}
