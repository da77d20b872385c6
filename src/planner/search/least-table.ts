/**
 * A micro-batch's work from below, for every cut there is: device time of mixers, feed-forward parts and the model's ends, without the host. Each
 * of them depends on some of a cut's axes only, so that a few thousand prices serve a hundred thousand cuts: all but the mixer on how many tokens
 * a rank has, not on how many sequences they are of.
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
import type { Operator } from '../model/operator.ts'
import { operatorsOf } from '../model/operators.ts'
import type { Dispatcher, Recompute } from '../training/layout.ts'
import type { CostInput } from './cost-input.ts'
import type { Cut, DenseCut, Least, LeastBytes } from './stage-costs.ts'

const NONE: Recompute = { kind: 'none' }
/** Forward and backward. */
type Pair = readonly [forward: number, backward: number]
const NOTHING: Pair = [0, 0]

const FULL: Recompute = { kind: 'full' }

/** What is known of so many tokens on so many tensor ranks. */
interface Row {
  /** Embedding, head and loss. */
  readonly ends: number
  /** Feed-forward parts without experts, by shape. */
  readonly dense: readonly Pair[]
  /** Experts at the device's peak, all layers. */
  readonly peakSeconds: number
  /** By context degree and method: mixers by shape. */
  readonly mixers: Map<number, readonly Pair[]>
  /** By degrees of the experts. */
  readonly experts: Map<number, ExpertRow>
  readonly bytes: Map<number, LeastBytes>
}

interface ExpertRow {
  /** By shape. */
  readonly compute: readonly Pair[]
  readonly talk: Map<Dispatcher, readonly Pair[]>
}

const wholeOf = (cut: DenseCut): Cut => ({ ...cut, expert: 1, expertTensor: 1, dispatcher: 'alltoall' })

export class LeastTable {
  readonly #given: CostInput
  readonly #prices: Prices
  readonly #linksFor: (cut: Cut) => Links
  readonly #counts: readonly number[]
  readonly #rows = new Map<number, Row>()

  constructor(given: CostInput, prices: Prices, linksFor: (cut: Cut) => Links) {
    this.#given = given
    this.#prices = prices
    this.#linksFor = linksFor
    this.#counts = given.model.shapes.map((_, shape) => given.model.layers.filter(of => of === shape).length)
  }

  least(cut: Cut): Least {
    const row = this.#row(cut)
    const mixers = this.#mixers(row, cut)
    const { compute, talk } = this.#experts(row, cut)
    const said = talk.get(cut.dispatcher) ?? this.#talk(talk, cut)
    let seconds = row.ends
    const ofShape: number[] = []
    let layerForward = Number.POSITIVE_INFINITY
    let layerBackward = Number.POSITIVE_INFINITY
    for (let i = 0; i < mixers.length; i++) {
      const forward = mixers[i]![0] + row.dense[i]![0] + compute[i]![0] + said[i]![0]
      const backward = mixers[i]![1] + row.dense[i]![1] + compute[i]![1] + said[i]![1]
      seconds += this.#counts[i]! * (forward + backward)
      ofShape.push(forward + backward)
      layerForward = Math.min(layerForward, forward)
      layerBackward = Math.min(layerBackward, backward)
    }
    return { seconds, layerForward, layerBackward, ofShape }
  }

  /** With the experts' arithmetic at the device's peak and nothing of their exchange. */
  leastDense(cut: DenseCut): { readonly seconds: number; readonly withExperts: number } {
    const row = this.#row(cut)
    const mixers = this.#mixers(row, cut)
    let seconds = row.ends
    for (let i = 0; i < mixers.length; i++)
      seconds += this.#counts[i]! * (mixers[i]![0] + mixers[i]![1] + row.dense[i]![0] + row.dense[i]![1])
    return { seconds, withExperts: seconds + row.peakSeconds }
  }

  /** All layers' experts and their exchange. */
  leastExperts(cut: Cut): number {
    const { compute, talk } = this.#experts(this.#row(cut), cut)
    const said = talk.get(cut.dispatcher) ?? this.#talk(talk, cut)
    let seconds = 0
    for (let i = 0; i < compute.length; i++)
      seconds += this.#counts[i]! * (compute[i]![0] + compute[i]![1] + said[i]![0] + said[i]![1])
    return seconds
  }

  bytes(cut: DenseCut & Pick<Cut, 'expertTensor'>): LeastBytes {
    const { bytes } = this.#row(cut)
    const ulysses = cut.context > 1 && cut.contextMethod === 'ulysses'
    const key = cut.expertTensor * 2 + (ulysses ? 1 : 0)
    let known = bytes.get(key)
    if (known === undefined) {
      known = this.#bytesOf(cut)
      bytes.set(key, known)
    }
    return known
  }

  #bytesOf(cut: DenseCut & Pick<Cut, 'expertTensor'>): LeastBytes {
    const { model, workload, software } = this.#given
    const kernels = kernelsFor(this.#given)
    const layerCut = this.#layerCut({ ...cut, expert: 1 })
    const layers = model.shapes.map(shape => layerMemory(shape, model, layerCut, FULL, workload, kernels))
    const layer = Math.min(...layers.map(({ keptBytes, workingBytes }) => keptBytes + workingBytes))
    // The last rank has the head and the loss as well.
    const head = headMemory(model, layerCut, software, workload)
    return {
      anyRank: reservedBytes(Math.max(layer, head.keptBytes + head.workingBytes), software),
      working: reservedBytes(Math.min(...layers.map(({ workingBytes }) => workingBytes)), software),
    }
  }

  /** Made without a price: much is ruled out by its bytes alone. */
  #row(cut: DenseCut): Row {
    const tokens = (cut.microBatch * this.#given.workload.sequence) / cut.context
    const key = (tokens * 2 + (cut.sequenceParallel ? 1 : 0)) * 65_536 + cut.tensor
    let row = this.#rows.get(key)
    if (!row) {
      row = this.#rowOf(wholeOf(cut), tokens)
      this.#rows.set(key, row)
    }
    return row
  }

  #rowOf(cut: Cut, tokens: number): Row {
    const { model, workload } = this.#given
    const peak = this.#prices.device.peakFlops[workload.precision.gemm] ?? Number.POSITIVE_INFINITY
    const priced = remembered(() => ({
      ends: this.#ends(cut),
      dense: model.shapes.map(({ mlp }) => (mlp?.kind === 'dense' ? this.#part({ mlp, extraNorms: 0 }, cut) : NOTHING)),
    }))
    let peakSeconds = 0
    for (let i = 0; i < model.shapes.length; i++) {
      const { mlp } = model.shapes[i]!
      if (mlp?.kind !== 'experts') continue
      const flops = (6 * tokens * mlp.topK * (mlp.gated ? 3 : 2) * model.hidden * mlp.ffn) / cut.tensor
      peakSeconds += (this.#counts[i]! * flops) / peak
    }
    return {
      get ends() {
        return priced().ends
      },
      get dense() {
        return priced().dense
      },
      peakSeconds,
      mixers: new Map(),
      experts: new Map(),
      bytes: new Map(),
    }
  }

  #mixers(row: Row, cut: DenseCut): readonly Pair[] {
    const key = cut.context * 2 + (cut.contextMethod === 'ring' ? 1 : 0)
    let known = row.mixers.get(key)
    if (!known) {
      const whole = wholeOf(cut)
      known = this.#given.model.shapes.map(({ mixer, extraNorms }) =>
        mixer ? this.#part({ mixer, extraNorms }, whole) : NOTHING,
      )
      row.mixers.set(key, known)
    }
    return known
  }

  #experts({ experts }: Row, cut: Cut): ExpertRow {
    const key = cut.expert * 65_536 + cut.expertTensor
    let known = experts.get(key)
    if (!known) {
      const { shapes } = this.#given.model
      const compute = shapes.map(({ mlp }) =>
        mlp?.kind === 'experts' ? this.#compute({ mlp, extraNorms: 0 }, cut) : NOTHING,
      )
      known = { compute, talk: new Map() }
      experts.set(key, known)
    }
    return known
  }

  #talk(talk: ExpertRow['talk'], cut: Cut): readonly Pair[] {
    const said = this.#given.model.shapes.map(({ mlp }): Pair => {
      if (mlp?.kind !== 'experts') return NOTHING
      const shape = { mlp, extraNorms: 0 }
      return [this.#exchange(shape, cut, 'forward', 0), this.#exchange(shape, cut, 'backward', 0)]
    })
    talk.set(cut.dispatcher, said)
    return said
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

  #operators(shape: LayerShape, cut: Cut): readonly Operator[] {
    return operatorsOf(shape, this.#given.model, this.#layerCut(cut), fusionOf(this.#given.software))
  }

  #part(shape: LayerShape, cut: Cut): Pair {
    const operators = this.#operators(shape, cut)
    const forward = priceOperators(operators, 'forward', this.#prices).parts
    const backward = priceOperators(operators, 'backward', this.#prices).parts
    return [
      totalOf(forward) + this.#exchange(shape, cut, 'forward', forward.attention),
      totalOf(backward) + this.#exchange(shape, cut, 'backward', backward.attention),
    ]
  }

  #compute(shape: LayerShape, cut: Cut): Pair {
    const operators = this.#operators(shape, cut)
    return [
      totalOf(priceOperators(operators, 'forward', this.#prices).parts),
      totalOf(priceOperators(operators, 'backward', this.#prices).parts),
    ]
  }

  #exchange(shape: LayerShape, cut: Cut, direction: 'forward' | 'backward', attentionTime: number): number {
    return totalOf(
      layerCommunication({
        shape,
        model: this.#given.model,
        cut: this.#layerCut(cut),
        direction,
        dispatcher: cut.dispatcher,
        links: this.#linksFor(cut),
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
    const all = [embedding.forward, embedding.backward, head.forward, head.backward]
    return all.reduce((sum, parts) => sum + totalOf(parts), 0)
  }
}

function remembered<T>(make: () => T): () => T {
  let known: T | undefined
  return () => {
    known ??= make()
    return known
  }
}
