/**
 * A micro-batch's work from below, for every cut there is: device time of mixers, feed-forward parts and the model's ends, without the host. Each
 * of them depends on some of a cut's axes only, so that a few thousand prices serve a hundred thousand cuts: all but the mixer on how many tokens
 * a rank has, not on how many sequences they are of.
 */
import type { Links } from '../cost/step/links.ts'
import type { Prices } from '../cost/step/prices.ts'
import type { LayerShape } from '../model/model.ts'
import type { Dispatcher } from '../training/layout.ts'
import type { CostInput } from './cost-input.ts'
import { leastBytes } from './least-bytes.ts'
import { LeastPrices, NOTHING, type Pair } from './least-prices.ts'
import type { Cut, DenseCut, Least, LeastBytes } from './stage-costs.ts'

/** What is known of so many tokens on so many tensor ranks. */
interface Row {
  /** Embedding, head and loss. */
  readonly ends: number
  /** Feed-forward parts without experts, by shape. */
  readonly dense: readonly Pair[]
  /** Mixers but for the attention proper, by shape: operators, and what tensor ranks exchange. */
  readonly around: readonly Pair[]
  readonly exchanges: readonly Pair[]
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
  readonly #prices: LeastPrices
  readonly #peakFlops: number
  readonly #counts: readonly number[]
  readonly #rows = new Map<number, Row>()
  /** Layers by shape with those of multi-token prediction, of which the attention and what ranks say to each other is left out. */
  readonly #computed: readonly number[]

  constructor(given: CostInput, prices: Prices, linksFor: (cut: Cut) => Links) {
    this.#given = given
    this.#prices = new LeastPrices(given, prices, linksFor)
    this.#peakFlops = prices.device.peakFlops[given.workload.precision.gemm] ?? Number.POSITIVE_INFINITY
    const { model } = given
    this.#counts = model.shapes.map((_, shape) => model.layers.filter(of => of === shape).length)
    this.#computed = this.#counts.map((count, shape) => count + (shape === model.layers.at(-1) ? model.mtpLayers : 0))
  }

  least(cut: Cut): Least {
    const row = this.#row(cut)
    const mixers = this.#mixers(row, cut)
    const { compute, talk } = this.#experts(row, cut)
    const said = talk.get(cut.dispatcher) ?? this.#said(talk, cut)
    let seconds = row.ends
    const ofShape: number[] = []
    let layerForward = Number.POSITIVE_INFINITY
    let layerBackward = Number.POSITIVE_INFINITY
    for (let i = 0; i < mixers.length; i++) {
      const forward = mixers[i]![0] + row.dense[i]![0] + compute[i]![0] + said[i]![0]
      const backward = mixers[i]![1] + row.dense[i]![1] + compute[i]![1] + said[i]![1]
      seconds += this.#counts[i]! * (forward + backward) + this.#predicted(row, compute, i)
      ofShape.push(forward + backward)
      layerForward = Math.min(layerForward, forward)
      layerBackward = Math.min(layerBackward, backward)
    }
    return { seconds, layerForward, layerBackward, ofShape }
  }

  /** Of all cuts with as many tokens a rank: without attention, with the experts' arithmetic at the device's peak. */
  leastRow(cut: DenseCut): number {
    const { ends, dense, around, exchanges, peakSeconds } = this.#row(cut)
    let seconds = ends + peakSeconds
    for (let i = 0; i < dense.length; i++)
      for (const [forward, backward] of [dense[i]!, around[i]!, exchanges[i]!])
        seconds += this.#counts[i]! * (forward + backward)
    return seconds
  }

  /** With the experts' arithmetic at the device's peak and nothing of their exchange. */
  leastDense(cut: DenseCut): { readonly seconds: number; readonly withExperts: number } {
    const row = this.#row(cut)
    const mixers = this.#mixers(row, cut)
    let seconds = row.ends
    for (let i = 0; i < mixers.length; i++)
      seconds +=
        this.#counts[i]! * (mixers[i]![0] + mixers[i]![1] + row.dense[i]![0] + row.dense[i]![1]) +
        this.#predicted(row, undefined, i)
    return { seconds, withExperts: seconds + row.peakSeconds }
  }

  /** All layers' experts and their exchange. */
  leastExperts(cut: Cut): number {
    const { compute, talk } = this.#experts(this.#row(cut), cut)
    const said = talk.get(cut.dispatcher) ?? this.#said(talk, cut)
    let seconds = 0
    for (let i = 0; i < compute.length; i++)
      seconds += this.#computed[i]! * (compute[i]![0] + compute[i]![1]) + this.#counts[i]! * (said[i]![0] + said[i]![1])
    return seconds
  }

  /** Their arithmetic. */
  leastExpertsAlone(cut: Cut): number {
    const { compute } = this.#experts(this.#row(cut), cut)
    let seconds = 0
    for (let i = 0; i < compute.length; i++) seconds += this.#computed[i]! * (compute[i]![0] + compute[i]![1])
    return seconds
  }

  /** Multi-token prediction's share of a shape. */
  #predicted({ around }: Row, experts: readonly Pair[] | undefined, i: number): number {
    const layers = this.#computed[i]! - this.#counts[i]!
    if (layers === 0) return 0
    const own = experts?.[i] ?? NOTHING
    return layers * (around[i]![0] + around[i]![1] + own[0] + own[1])
  }

  bytes(cut: DenseCut & Pick<Cut, 'expertTensor'>): LeastBytes {
    const { bytes } = this.#row(cut)
    const ulysses = cut.context > 1 && cut.contextMethod === 'ulysses'
    const key = cut.expertTensor * 2 + (ulysses ? 1 : 0)
    let known = bytes.get(key)
    if (known === undefined) {
      known = leastBytes(this.#prices.layerCut({ ...cut, expert: 1 }), this.#given)
      bytes.set(key, known)
    }
    return known
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
    const { model } = this.#given
    const priced = remembered(() => ({
      ends: this.#prices.ends(cut),
      dense: model.shapes.map(({ mlp }) =>
        mlp?.kind === 'dense' ? this.#prices.part({ mlp, extraNorms: 0 }, cut) : NOTHING,
      ),
      around: model.shapes.map(({ mixer, extraNorms }) =>
        mixer ? this.#prices.compute({ mixer, extraNorms }, cut, ({ kind }) => kind !== 'attention') : NOTHING,
      ),
      exchanges: model.shapes.map(({ mixer, extraNorms }) =>
        mixer
          ? this.#prices.talk({ mixer, extraNorms }, { ...cut, context: 1, microBatch: cut.microBatch / cut.context })
          : NOTHING,
      ),
    }))
    let peakSeconds = 0
    for (let i = 0; i < model.shapes.length; i++) {
      const { mlp } = model.shapes[i]!
      if (mlp?.kind !== 'experts') continue
      const flops = (6 * tokens * mlp.topK * (mlp.gated ? 3 : 2) * model.hidden * mlp.ffn) / cut.tensor
      peakSeconds += (this.#counts[i]! * flops) / this.#peakFlops
    }
    return {
      get ends() {
        return priced().ends
      },
      get dense() {
        return priced().dense
      },
      get around() {
        return priced().around
      },
      get exchanges() {
        return priced().exchanges
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
      known = this.#given.model.shapes.map(({ mixer, extraNorms }, i) =>
        mixer ? this.#mixer({ mixer, extraNorms }, whole, row, i) : NOTHING,
      )
      row.mixers.set(key, known)
    }
    return known
  }

  #mixer(shape: LayerShape, cut: Cut, { around, exchanges }: Row, i: number): Pair {
    const core = this.#prices.compute(shape, cut, ({ kind }) => kind === 'attention')
    const talk = cut.context === 1 ? exchanges[i]! : this.#prices.talk(shape, cut, core)
    return [around[i]![0] + core[0] + talk[0], around[i]![1] + core[1] + talk[1]]
  }

  #experts({ experts }: Row, cut: Cut): ExpertRow {
    const key = cut.expert * 65_536 + cut.expertTensor
    let known = experts.get(key)
    if (!known) {
      const { shapes } = this.#given.model
      const compute = shapes.map(({ mlp }) =>
        mlp?.kind === 'experts' ? this.#prices.compute({ mlp, extraNorms: 0 }, cut) : NOTHING,
      )
      known = { compute, talk: new Map() }
      experts.set(key, known)
    }
    return known
  }

  #said(talk: ExpertRow['talk'], cut: Cut): readonly Pair[] {
    const said = this.#given.model.shapes.map(({ mlp }) =>
      mlp?.kind === 'experts' ? this.#prices.talk({ mlp, extraNorms: 0 }, cut) : NOTHING,
    )
    talk.set(cut.dispatcher, said)
    return said
  }
}

function remembered<T>(make: () => T): () => T {
  let known: T | undefined
  return () => {
    known ??= make()
    return known
  }
}
