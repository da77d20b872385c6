/** Prices of parts of a layer in both directions, without the host: what `least-table.ts` adds up. */
import { layerCommunication } from '../cost/step/layer-communication.ts'
import { extraTimes, fusionOf } from '../cost/step/layer-times.ts'
import type { Links } from '../cost/step/links.ts'
import { totalOf } from '../cost/step/parts.ts'
import { priceOperators } from '../cost/step/price-operators.ts'
import type { Prices } from '../cost/step/prices.ts'
import type { LayerCut } from '../model/cut.ts'
import type { LayerShape, ModelSpec } from '../model/model.ts'
import type { Operator } from '../model/operator.ts'
import { operatorsOf } from '../model/operators.ts'
import type { CostInput } from './cost-input.ts'
import type { Cut } from './stage-costs.ts'

/** Forward and backward. */
export type Pair = readonly [forward: number, backward: number]
export const NOTHING: Pair = [0, 0]

const EMPTY: LayerShape = { extraNorms: 0 }

export class LeastPrices {
  readonly #given: CostInput
  readonly #prices: Prices
  readonly #linksFor: (cut: Cut) => Links
  readonly #ending: ModelSpec

  constructor(given: CostInput, prices: Prices, linksFor: (cut: Cut) => Links) {
    this.#given = given
    this.#prices = prices
    this.#linksFor = linksFor
    const { model } = given
    // The block of multi-token prediction depends on the experts' cut, the rest of the ends does not.
    this.#ending = { ...model, shapes: [...model.shapes, EMPTY], layers: [...model.layers, model.shapes.length] }
  }

  layerCut(cut: Omit<Cut, 'dispatcher'>): LayerCut {
    const { sequence } = this.#given.workload
    return {
      tensor: cut.tensor,
      context: cut.context,
      expert: cut.expert,
      expertTensor: cut.expertTensor,
      sequenceParallel: cut.sequenceParallel,
      contextMethod: cut.contextMethod,
      tokens: (cut.microBatch * sequence) / cut.context,
      sequence,
    }
  }

  #operators(shape: LayerShape, cut: Cut): readonly Operator[] {
    return operatorsOf(shape, this.#given.model, this.layerCut(cut), fusionOf(this.#given.software))
  }

  part(shape: LayerShape, cut: Cut): Pair {
    const compute = this.compute(shape, cut)
    const talk = this.talk(shape, cut)
    return [compute[0] + talk[0], compute[1] + talk[1]]
  }

  compute(shape: LayerShape, cut: Cut, isMeant?: (operator: Operator) => boolean): Pair {
    const all = this.#operators(shape, cut)
    const operators = isMeant ? all.filter(isMeant) : all
    return [
      totalOf(priceOperators(operators, 'forward', this.#prices).parts),
      totalOf(priceOperators(operators, 'backward', this.#prices).parts),
    ]
  }

  /** `attention`: device time of it, which a ring hides behind. Experts are sent the same way there and back. */
  talk(shape: LayerShape, cut: Cut, attention = NOTHING): Pair {
    const forward = this.#exchange(shape, cut, 'forward', attention[0])
    const isAlike = cut.tensor === 1 && !shape.mixer
    return [forward, isAlike ? forward : this.#exchange(shape, cut, 'backward', attention[1])]
  }

  #exchange(shape: LayerShape, cut: Cut, direction: 'forward' | 'backward', attentionTime: number): number {
    return totalOf(
      layerCommunication({
        shape,
        model: this.#given.model,
        cut: this.layerCut(cut),
        direction,
        dispatcher: cut.dispatcher,
        links: this.#linksFor(cut),
        prices: this.#prices,
        attentionTime,
      }).parts,
    )
  }

  ends(cut: Cut): number {
    const { software } = this.#given
    const question = {
      model: this.#ending,
      cut: this.layerCut(cut),
      recompute: { kind: 'none' } as const,
      dispatcher: cut.dispatcher,
      links: this.#linksFor(cut),
      prices: this.#prices,
      software,
    }
    const { embedding, head } = extraTimes(question)
    const all = [embedding.forward, embedding.backward, head.forward, head.backward]
    return all.reduce((sum, parts) => sum + totalOf(parts), 0)
  }
}
