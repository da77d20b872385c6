/**
 * One layer's times under every recompute: its passes are priced once, each operator's replay once, and a recompute adds up the replays of what
 * it runs again. The sum is that of `layerTimes`, to rounding.
 */
import {
  fusionOf,
  type LayerQuestion,
  layerTimes,
  type PassTimes,
  type Replay,
  replaySeconds,
} from '../cost/step/layer-times.ts'
import { totalOf } from '../cost/step/parts.ts'
import { priceOperators } from '../cost/step/price-operators.ts'
import { recomputedOperators } from '../cost/step/recomputed-operators.ts'
import type { LayerShape } from '../model/model.ts'
import type { Operator } from '../model/operator.ts'
import { operatorsOf } from '../model/operators.ts'
import type { Recompute } from '../training/layout.ts'

export class ReplayedLayer {
  readonly #shape: LayerShape
  readonly #question: LayerQuestion
  readonly #plain: PassTimes
  readonly #times = new Map<Recompute, PassTimes>()
  #operators: readonly Operator[] | undefined
  #replays: Map<Operator, Replay> | undefined

  constructor(shape: LayerShape, question: LayerQuestion) {
    this.#shape = shape
    this.#question = question
    this.#plain = layerTimes(shape, question)
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

  #replayed(recompute: Recompute): PassTimes {
    const { model, cut, software } = this.#question
    this.#operators ??= operatorsOf(this.#shape, model, cut, fusionOf(software))
    const again = recomputedOperators(this.#operators, recompute, software.family)
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
    const more = replaySeconds({ seconds, attention, launches }, again.withCommunication, this.#shape, this.#question)
    const { forward, backward, weightSeconds } = this.#plain
    return { forward, backward: { ...backward, recompute: backward.recompute + more }, weightSeconds }
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
