/**
 * A micro-batch's work from below, for every cut there is: device time of mixers, feed-forward parts and the model's ends, without the host. Each
 * of them depends on some of a cut's axes only, so that a few thousand prices serve a hundred thousand cuts.
 */
import { layerMemory } from '../cost/memory/layer-memory.ts'
import { reservedBytes } from '../cost/memory/reserved.ts'
import { kernelsFor } from '../cost/memory/working.ts'
import { layerCommunication } from '../cost/step/layer-communication.ts'
import { extraTimes, fusionOf } from '../cost/step/layer-times.ts'
import type { Links } from '../cost/step/links.ts'
import { totalOf } from '../cost/step/parts.ts'
import { priceOperators } from '../cost/step/price-operators.ts'
import type { Prices } from '../cost/step/prices.ts'
import type { LayerCut } from '../model/cut.ts'
import type { LayerShape } from '../model/model.ts'
import { operatorsOf } from '../model/operators.ts'
import type { Recompute } from '../training/layout.ts'
import type { CostInput } from './cost-input.ts'
import type { Cut } from './stage-costs.ts'

const NONE: Recompute = { kind: 'none' }
const FULL: Recompute = { kind: 'full' }

export class LeastTable {
  readonly #given: CostInput
  readonly #prices: Prices
  readonly #linksFor: (cut: Cut) => Links
  readonly #counts: readonly number[]
  readonly #seconds = new Map<string, number>()
  readonly #bytes = new Map<string, number>()

  constructor(given: CostInput, prices: Prices, linksFor: (cut: Cut) => Links) {
    this.#given = given
    this.#prices = prices
    this.#linksFor = linksFor
    this.#counts = given.model.shapes.map((_, shape) => given.model.layers.filter(of => of === shape).length)
  }

  /** All layers, embedding and head, forward and backward, added up. */
  seconds(cut: Cut): number {
    const { model } = this.#given
    const tokens = cut.microBatch / cut.context
    const dense = `${cut.tensor}/${cut.sequenceParallel}/${tokens}`
    const mixer = `${cut.tensor}/${cut.sequenceParallel}/${cut.context}/${cut.contextMethod}/${cut.microBatch}`
    const experts = `${dense}/${cut.expert}/${cut.expertTensor}`
    let sum = this.#kept(`e/${dense}`, () => this.#ends(cut))
    for (let i = 0; i < model.shapes.length; i++) {
      const { mixer: own, mlp, extraNorms } = model.shapes[i]!
      let layer = 0
      if (own) layer += this.#kept(`m${i}/${mixer}`, () => this.#part({ mixer: own, extraNorms }, cut))
      if (mlp?.kind === 'dense') layer += this.#kept(`d${i}/${dense}`, () => this.#part({ mlp, extraNorms: 0 }, cut))
      if (mlp?.kind === 'experts')
        layer +=
          this.#kept(`c${i}/${experts}`, () => this.#compute({ mlp, extraNorms: 0 }, cut)) +
          this.#kept(`t${i}/${experts}/${cut.dispatcher}`, () => this.#talk({ mlp, extraNorms: 0 }, cut, 0))
      sum += this.#counts[i]! * layer
    }
    return sum
  }

  /** A rank has at least one layer, and that one is worked on. */
  bytes(cut: Cut): number {
    const ulysses = cut.context > 1 && cut.contextMethod === 'ulysses'
    const key = `${cut.tensor}/${cut.sequenceParallel}/${cut.microBatch / cut.context}/${cut.expertTensor}/${ulysses}`
    let known = this.#bytes.get(key)
    if (known === undefined) {
      const { model, workload, software } = this.#given
      const kernels = kernelsFor(this.#given)
      const least = model.shapes.map(shape => {
        const { keptBytes, workingBytes } = layerMemory(shape, model, this.#layerCut(cut), FULL, workload, kernels)
        return keptBytes + workingBytes
      })
      known = reservedBytes(Math.min(...least), software)
      this.#bytes.set(key, known)
    }
    return known
  }

  #kept(key: string, of: () => number): number {
    let known = this.#seconds.get(key)
    if (known === undefined) {
      known = of()
      this.#seconds.set(key, known)
    }
    return known
  }

  #layerCut(cut: Cut): LayerCut {
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

  #part(shape: LayerShape, cut: Cut): number {
    const { model, software } = this.#given
    const operators = operatorsOf(shape, model, this.#layerCut(cut), fusionOf(software))
    const forward = priceOperators(operators, 'forward', this.#prices).parts
    const backward = priceOperators(operators, 'backward', this.#prices).parts
    return (
      totalOf(forward) +
      totalOf(backward) +
      this.#direction(shape, cut, 'forward', forward.attention) +
      this.#direction(shape, cut, 'backward', backward.attention)
    )
  }

  #compute(shape: LayerShape, cut: Cut): number {
    const operators = operatorsOf(shape, this.#given.model, this.#layerCut(cut), fusionOf(this.#given.software))
    return (
      totalOf(priceOperators(operators, 'forward', this.#prices).parts) +
      totalOf(priceOperators(operators, 'backward', this.#prices).parts)
    )
  }

  #talk(shape: LayerShape, cut: Cut, attentionTime: number): number {
    return (
      this.#direction(shape, cut, 'forward', attentionTime) + this.#direction(shape, cut, 'backward', attentionTime)
    )
  }

  #direction(shape: LayerShape, cut: Cut, direction: 'forward' | 'backward', attentionTime: number): number {
    const { model } = this.#given
    const { dispatcher } = cut
    const links = this.#linksFor(cut)
    return totalOf(
      layerCommunication({
        shape,
        model,
        cut: this.#layerCut(cut),
        direction,
        dispatcher,
        links,
        prices: this.#prices,
        attentionTime,
      }).parts,
    )
  }

  #ends(cut: Cut): number {
    const { model, software } = this.#given
    const question = {
      model,
      cut: this.#layerCut(cut),
      recompute: NONE,
      dispatcher: cut.dispatcher,
      links: this.#linksFor(cut),
      prices: this.#prices,
      software,
    }
    const { embedding, head } = extraTimes(question)
    return totalOf(embedding.forward) + totalOf(embedding.backward) + totalOf(head.forward) + totalOf(head.backward)
  }
}
