/**
 * A micro-batch's work from below, for every cut there is: device time of mixers, feed-forward parts and the model's ends, without the host. Each
 * of them depends on some of a cut's axes only, so that a few thousand prices serve a hundred thousand cuts.
 */
import { headMemory, layerMemory } from '../cost/memory/layer-memory.ts'
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
import type { Cut, DenseCut, Least, LeastBytes } from './stage-costs.ts'

const NONE: Recompute = { kind: 'none' }
/** Forward and backward. */
type Pair = readonly [forward: number, backward: number]

const FULL: Recompute = { kind: 'full' }

export class LeastTable {
  readonly #given: CostInput
  readonly #prices: Prices
  readonly #linksFor: (cut: Cut) => Links
  readonly #counts: readonly number[]
  readonly #seconds = new Map<string, Pair>()
  readonly #bytes = new Map<string, LeastBytes>()

  constructor(given: CostInput, prices: Prices, linksFor: (cut: Cut) => Links) {
    this.#given = given
    this.#prices = prices
    this.#linksFor = linksFor
    this.#counts = given.model.shapes.map((_, shape) => given.model.layers.filter(of => of === shape).length)
  }

  least(cut: Cut): Least {
    const { model } = this.#given
    const tokens = cut.microBatch / cut.context
    const dense = `${cut.tensor}/${cut.sequenceParallel}/${tokens}`
    const experts = `${dense}/${cut.expert}/${cut.expertTensor}`
    const [head] = this.#kept(`e/${dense}`, () => this.#ends(cut))
    let seconds = head
    const ofShape: number[] = []
    let layerForward = Number.POSITIVE_INFINITY
    let layerBackward = Number.POSITIVE_INFINITY
    for (let i = 0; i < model.shapes.length; i++) {
      let [forward, backward] = this.#denseLayer(i, cut, dense)
      const { mlp } = model.shapes[i]!
      if (mlp?.kind === 'experts') {
        const shape = { mlp, extraNorms: 0 }
        const compute = this.#kept(`c${i}/${experts}`, () => this.#compute(shape, cut))
        const talk = this.#kept(`t${i}/${experts}/${cut.dispatcher}`, () => this.#talk(shape, cut))
        forward += compute[0] + talk[0]
        backward += compute[1] + talk[1]
      }
      seconds += this.#counts[i]! * (forward + backward)
      ofShape.push(forward + backward)
      layerForward = Math.min(layerForward, forward)
      layerBackward = Math.min(layerBackward, backward)
    }
    return { seconds, layerForward, layerBackward, ofShape }
  }

  /** With the experts' arithmetic at the device's peak and nothing of their exchange. */
  leastDense(cut: DenseCut): number {
    const { model, workload } = this.#given
    const whole = { ...cut, expert: 1, expertTensor: 1, dispatcher: 'alltoall' } as const
    const dense = `${cut.tensor}/${cut.sequenceParallel}/${cut.microBatch / cut.context}`
    const peak = this.#prices.device.peakFlops[workload.precision.gemm] ?? Number.POSITIVE_INFINITY
    const tokens = (cut.microBatch * workload.sequence) / cut.context / cut.tensor
    let seconds = this.#kept(`e/${dense}`, () => this.#ends(whole))[0]
    for (let i = 0; i < model.shapes.length; i++) {
      const [forward, backward] = this.#denseLayer(i, whole, dense)
      const { mlp } = model.shapes[i]!
      const experts = mlp?.kind === 'experts' ? 6 * tokens * mlp.topK * (mlp.gated ? 3 : 2) * model.hidden * mlp.ffn : 0
      seconds += this.#counts[i]! * (forward + backward + experts / peak)
    }
    return seconds
  }

  #denseLayer(i: number, cut: Cut, dense: string): Pair {
    const { mixer, mlp, extraNorms } = this.#given.model.shapes[i]!
    let [forward, backward] = [0, 0]
    if (mixer) {
      const key = `m${i}/${cut.tensor}/${cut.sequenceParallel}/${cut.context}/${cut.contextMethod}/${cut.microBatch}`
      const own = this.#kept(key, () => this.#part({ mixer, extraNorms }, cut))
      forward += own[0]
      backward += own[1]
    }
    if (mlp?.kind === 'dense') {
      const own = this.#kept(`d${i}/${dense}`, () => this.#part({ mlp, extraNorms: 0 }, cut))
      forward += own[0]
      backward += own[1]
    }
    return [forward, backward]
  }

  bytes(cut: DenseCut & Pick<Cut, 'expertTensor'>): LeastBytes {
    const ulysses = cut.context > 1 && cut.contextMethod === 'ulysses'
    const key = `${cut.tensor}/${cut.sequenceParallel}/${cut.microBatch / cut.context}/${cut.expertTensor}/${ulysses}`
    let known = this.#bytes.get(key)
    if (known === undefined) {
      const { model, workload, software } = this.#given
      const kernels = kernelsFor(this.#given)
      const layerCut = this.#layerCut({ ...cut, expert: 1 })
      const layers = model.shapes.map(shape => layerMemory(shape, model, layerCut, FULL, workload, kernels))
      const layer = Math.min(...layers.map(({ keptBytes, workingBytes }) => keptBytes + workingBytes))
      // The last rank has the head and the loss as well.
      const head = headMemory(model, layerCut, software, workload)
      known = {
        anyRank: reservedBytes(Math.max(layer, head.keptBytes + head.workingBytes), software),
        working: reservedBytes(Math.min(...layers.map(({ workingBytes }) => workingBytes)), software),
      }
      this.#bytes.set(key, known)
    }
    return known
  }

  #kept(key: string, of: () => Pair): Pair {
    let known = this.#seconds.get(key)
    if (known === undefined) {
      known = of()
      this.#seconds.set(key, known)
    }
    return known
  }

  #layerCut(cut: Omit<Cut, 'dispatcher'>): LayerCut {
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

  #part(shape: LayerShape, cut: Cut): Pair {
    const { model, software } = this.#given
    const operators = operatorsOf(shape, model, this.#layerCut(cut), fusionOf(software))
    const forward = priceOperators(operators, 'forward', this.#prices).parts
    const backward = priceOperators(operators, 'backward', this.#prices).parts
    return [
      totalOf(forward) + this.#exchange(shape, cut, 'forward', forward.attention),
      totalOf(backward) + this.#exchange(shape, cut, 'backward', backward.attention),
    ]
  }

  #compute(shape: LayerShape, cut: Cut): Pair {
    const operators = operatorsOf(shape, this.#given.model, this.#layerCut(cut), fusionOf(this.#given.software))
    return [
      totalOf(priceOperators(operators, 'forward', this.#prices).parts),
      totalOf(priceOperators(operators, 'backward', this.#prices).parts),
    ]
  }

  #talk(shape: LayerShape, cut: Cut): Pair {
    return [this.#exchange(shape, cut, 'forward', 0), this.#exchange(shape, cut, 'backward', 0)]
  }

  #exchange(shape: LayerShape, cut: Cut, direction: 'forward' | 'backward', attentionTime: number): number {
    const { model } = this.#given
    const { dispatcher } = cut
    const links = this.#linksFor(cut)
    const talk = {
      shape,
      model,
      cut: this.#layerCut(cut),
      direction,
      dispatcher,
      links,
      prices: this.#prices,
      attentionTime,
    }
    return totalOf(layerCommunication(talk).parts)
  }

  #ends(cut: Cut): Pair {
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
    const all = [embedding.forward, embedding.backward, head.forward, head.backward]
    return [all.reduce((sum, parts) => sum + totalOf(parts), 0), 0]
  }
}
