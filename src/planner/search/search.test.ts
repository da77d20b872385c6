/** The search against a slow and plainly right version: every layout written out and predicted one by one, over the same cost. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { StepPrediction } from '../cost/prediction.ts'
import type { Fleet } from '../fleet/fleet.ts'
import type { ModelSpec } from '../model/model.ts'
import { inFlight } from '../schedule/in-flight.ts'
import { schedule } from '../schedule/schedule.ts'
import { placeStages, shapeProblem } from '../schedule/shape.ts'
import { simulate } from '../schedule/simulate.ts'
import type { Layout, Recompute, RecomputeModule } from '../training/layout.ts'
import { abilitiesOf } from './abilities.ts'
import { compareLayouts, layoutKey } from './layout-order.ts'
import type { SearchProblem } from './problem.ts'
import { Search } from './search.ts'
import type { Cut, DenseCut, Elements, LayerCost, Least, RankKind, StageCosts, StateChoice } from './stage-costs.ts'
import { cutEvenly } from './stage-cut.ts'

interface Knobs {
  readonly layers: number
  readonly heads: number
  readonly experts: number
  readonly devices: number
  readonly perNode: number
  readonly batch: number
  readonly capacity: number
  readonly talk: number
  readonly send: number
  readonly head: number
  readonly family: 'other' | 'megatron' | 'torchtitan' | 'deepspeed'
}

const knobs: fc.Arbitrary<Knobs> = fc.record({
  layers: fc.constantFrom(1, 2, 3, 3, 4),
  heads: fc.constantFrom(1, 2, 4),
  experts: fc.constantFrom(0, 0, 0, 2),
  devices: fc.constantFrom(1, 2, 3, 4),
  perNode: fc.constantFrom(1, 2, 4, 8),
  batch: fc.constantFrom(1, 2, 3, 4),
  capacity: fc.integer({ min: 20, max: 400 }),
  talk: fc.double({ min: 0, max: 2, noNaN: true }),
  send: fc.double({ min: 0, max: 0.5, noNaN: true }),
  head: fc.double({ min: 0, max: 3, noNaN: true }),
  family: fc.constantFrom('other', 'megatron', 'torchtitan', 'deepspeed'),
})

function modelOf({ layers, heads, experts }: Knobs): ModelSpec {
  const mixer = {
    kind: 'attention',
    heads,
    kvHeads: heads,
    headDim: 8,
    qkvBias: false,
    outBias: false,
    qkNorm: false,
  } as const
  const dense = { mixer, extraNorms: 0, mlp: { kind: 'dense', ffn: 48, gated: true, bias: false } } as const
  const sparse = {
    mixer,
    extraNorms: 0,
    mlp: {
      kind: 'experts',
      experts,
      topK: 1,
      ffn: 24,
      gated: true,
      bias: false,
      routerBias: false,
      sharedFfn: 0,
      sharedGate: false,
    },
  } as const
  const isSparse = experts > 0
  return {
    name: 'small',
    hidden: 8 * heads,
    vocab: 100,
    tiedEmbeddings: false,
    learnedPositions: 0,
    norm: 'rms',
    shapes: isSparse ? [dense, sparse] : [dense],
    layers: Array.from({ length: layers }, (_, i) => (isSparse && i > 0 ? 1 : 0)),
    mtpLayers: 0,
  }
}

const fleetOf = ({ devices, perNode }: Knobs): Fleet => ({
  name: 'small',
  pools: [
    {
      device: {
        name: 'd',
        generation: 'hopper',
        peakFlops: {},
        memoryBytes: 1,
        memoryBytesPerSecond: 1,
        processors: 1,
        source: '',
      },
      nodes: Math.max(1, Math.floor(devices / perNode)),
      devicesPerNode: Math.min(perNode, devices),
      domainDevices: Math.min(perNode, devices),
      scaleUpBytesPerSecond: 1,
      nicBytesPerSecond: 1,
      railAligned: true,
      failuresPerDeviceHour: 0,
    },
  ],
  tiers: [],
  inNetworkReduction: false,
})

const SEQUENCE = 4

const DISPATCH = { allgather: 0.5, alltoall: 0.4, deepep: 0.45, hybridep: 0.35 }

/** Seconds and bytes of no machine, with the trade-offs of real ones. */
class Synthetic implements StageCosts {
  readonly workload = {
    sequence: SEQUENCE,
    globalBatch: 1,
    precision: { gemm: 'bf16', base: 'bf16', gradientBytes: 4 },
    optimizer: { name: 'adam', stateBytes: 12 },
    expertImbalance: 1,
    causal: true,
  } as const
  readonly capacityBytes: number
  readonly stepSeconds = 0
  readonly dispatchersDifferInTimeAlone = true
  readonly #knobs: Knobs
  readonly #model: ModelSpec
  constructor(of: Knobs) {
    this.#knobs = of
    this.#model = modelOf(of)
    this.capacityBytes = of.capacity
  }
  layer(cut: Cut, shape: number, recompute: Recompute): LayerCost {
    const { talk } = this.#knobs
    const tokens = (cut.microBatch * SEQUENCE) / cut.context
    const work = (tokens * (1 + shape)) / cut.tensor + 0.3
    const ring = cut.contextMethod === 'ring' ? 0.2 : 0.3
    const dispatch = DISPATCH[cut.dispatcher]
    const exchange =
      talk *
      (Math.log2(cut.tensor) * (cut.sequenceParallel ? 0.9 : 1) +
        ring * (cut.context - 1) +
        (shape === 1 ? dispatch * (cut.expert - 1) + 0.1 * (cut.expertTensor - 1) : 0))
    const forward = work + exchange
    const again =
      recompute.kind === 'full' ? forward : recompute.kind === 'modules' ? 0.2 * recompute.modules.length * work : 0
    const kept = (tokens * (cut.sequenceParallel ? 1 : 1.5) * (shape === 1 ? 3 : 2)) / cut.tensor
    const keptShare =
      recompute.kind === 'full' ? 0.2 : recompute.kind === 'modules' ? 1 - 0.15 * recompute.modules.length : 1
    return {
      forwardSeconds: forward,
      backwardSeconds: forward + again,
      weightSeconds: work,
      keptBytes: kept * keptShare,
    }
  }
  extra(cut: Cut, weight: number): LayerCost {
    const tokens = (cut.microBatch * SEQUENCE) / cut.context
    const forward = (weight * tokens) / cut.tensor
    return { forwardSeconds: forward, backwardSeconds: forward, weightSeconds: forward, keptBytes: tokens * 0.1 }
  }
  elements(cut: Cut, shape: number): Elements {
    return {
      dense: 2 / cut.tensor,
      experts: shape === 1 ? (2 * this.#knobs.experts) / (cut.expert * cut.expertTensor) : 0,
    }
  }
  readonly vocabulary = (cut: Cut): Elements => ({ dense: 1 / cut.tensor, experts: 0 })
  /** Not quite the least, as a real bound would be. */
  least(cut: Cut): Least {
    const all = this.#model.layers.map(shape => this.layer(cut, shape, { kind: 'none' }))
    const ends = [this.extra(cut, 0.05), this.extra(cut, this.#knobs.head)]
    const sum = [...all, ...ends].reduce((sum, c) => sum + c.forwardSeconds + c.backwardSeconds + c.weightSeconds, 0)
    return {
      seconds: 0.95 * sum,
      layerForward: Math.min(...all.map(c => c.forwardSeconds)),
      layerBackward: Math.min(...all.map(c => c.backwardSeconds + c.weightSeconds)),
      ofShape: this.#model.shapes.map((_, shape) => {
        const c = this.layer(cut, shape, { kind: 'none' })
        return c.forwardSeconds + c.backwardSeconds + c.weightSeconds
      }),
    }
  }
  leastRow(cut: DenseCut): number {
    return 0.9 * this.leastDense(cut).seconds
  }
  leastDense(cut: DenseCut) {
    const seconds = 0.9 * this.least({ ...cut, expert: 1, expertTensor: 1, dispatcher: 'hybridep' }).seconds
    return { seconds, withExperts: seconds }
  }
  leastExperts(cut: Cut): number {
    const layers = this.#model.layers.filter(shape => shape === 1).length
    return 1.8 * layers * this.#knobs.talk * DISPATCH[cut.dispatcher] * (cut.expert - 1)
  }
  leastExpertsAlone(cut: Cut): number {
    return 0.5 * this.leastExperts({ ...cut, dispatcher: 'hybridep' })
  }
  leastBytes(cut: DenseCut) {
    const whole = { ...cut, expert: 1, expertTensor: 1, dispatcher: 'hybridep' } as const
    const working = 1.05 * this.working(whole, { kind: 'full' }, 1, false)
    return { anyRank: working, working }
  }
  cut(cut: Cut) {
    const extra = { embedding: this.extra(cut, 0.05), head: this.extra(cut, this.#knobs.head) }
    return {
      layer: (shape: number, recompute: Recompute) => this.layer(cut, shape, recompute),
      keptBytes: (shape: number, recompute: Recompute) => this.layer(cut, shape, recompute).keptBytes,
      embedding: () => extra.embedding,
      head: () => extra.head,
      working: (recompute: Recompute, { shapes, hasHead }: RankKind) => ({
        bytes: this.working(cut, recompute, shapes, hasHead),
        strandedBytes: 0,
      }),
      elements: (shape: number) => this.elements(cut, shape),
      embeddingElements: this.vocabulary(cut),
      headElements: () => this.vocabulary(cut),
      movedEmbedding: 0,
      movedHead: () => 0,
      sendSeconds: () => this.send(cut),
    }
  }
  working(cut: Cut, recompute: Recompute, shapes: number, hasHead: boolean): number {
    const tokens = (cut.microBatch * SEQUENCE) / cut.context
    return (tokens * (1 + shapes + (recompute.kind === 'full' ? 1 : 0))) / cut.tensor + (hasHead ? 0.2 * tokens : 0)
  }
  send(cut: Cut): number {
    return (this.#knobs.send * cut.microBatch) / cut.context
  }
  states(grid: Cut & { data: number }, choice: StateChoice) {
    return (load: Elements) => this.state(grid, choice, load)
  }
  state(grid: Cut & { data: number }, { zero, shardRanks, offload }: StateChoice, load: Elements) {
    const all = load.dense + load.experts
    const share = (from: number): number => (zero >= from ? 1 / shardRanks : 1)
    const optimizer = 12 * all * share(1)
    const group = grid.data * grid.context
    return {
      strandedBytes: 0,
      bytes:
        2 * all * share(3) +
        4 * all * share(2) +
        (offload === 'optimizer' ? 0 : optimizer) -
        (offload === 'activations' ? all : 0),
      seconds:
        this.#knobs.talk * all * 0.1 * (Math.log2(group) + 0.2 * zero * Math.log2(shardRanks)) +
        0.05 * optimizer +
        (offload === 'none' ? 0 : offload === 'optimizer' ? 0.3 * optimizer : 0.7 * all),
    }
  }
  dependsOnWidth(): boolean {
    return true
  }
  stateBytes(grid: Cut & { data: number }, choice: StateChoice, load: Elements) {
    return this.state(grid, choice, load)
  }
  reservedBytes(allocated: number): number {
    return 1.05 * allocated
  }
  allocatable(reserved: number): number {
    return reserved / 1.05
  }
  outsideBytes(): number {
    return 1
  }
  stretch(devices: number): number {
    return 1 + 0.01 * Math.log2(devices)
  }
  /** Written without any of the sums of the search. What the states do not change is kept, so that brute force ends today. */
  predict(layout: Layout): StepPrediction {
    const pipe = this.#pipe(layout)
    const ranks = pipe.ranks.map(({ elements, kept, working }) => {
      const states = this.state(layout, layout, elements)
      return {
        seconds: states.seconds,
        needed: this.reservedBytes(states.bytes + working + kept) + this.outsideBytes(),
      }
    })
    const used = layout.pipeline * layout.data * layout.tensor * layout.context
    const memory = {
      parameters: 0,
      gradients: 0,
      optimizerStates: 0,
      activations: 0,
      working: 0,
      allocated: 0,
      context: 0,
    }
    return {
      seconds: this.stretch(used) * (pipe.makespan + Math.max(...ranks.map(r => r.seconds))),
      breakdown: {} as StepPrediction['breakdown'],
      stages: ranks.map(({ needed }) => ({
        forwardSeconds: 0,
        backwardSeconds: 0,
        memory: { ...memory, reserved: needed },
      })),
      fits: ranks.every(({ needed }) => needed <= this.capacityBytes),
    }
  }
  readonly #pipes = new Map<string, ReturnType<Synthetic['pipe']>>()
  #pipe(layout: Layout): ReturnType<Synthetic['pipe']> {
    const key = layoutKey({ ...layout, zero: 0, shardRanks: 1, offload: 'none' })
    const known = this.#pipes.get(key) ?? this.pipe(layout)
    this.#pipes.set(key, known)
    return known
  }
  pipe(layout: Layout) {
    const { pipeline, chunks, data, microBatch, stages } = layout
    const microBatches = this.#knobs.batch / (data * microBatch)
    const shape = { pipeline, chunks, microBatches }
    const none: Recompute = { kind: 'none' }
    let layer = 0
    const perStage = stages.map((count, stage) => {
      const parts: { cost: LayerCost; elements: Elements; kind?: number; isHead?: boolean }[] = []
      for (let i = 0; i < count; i++, layer++) {
        const kind = this.#model.layers[layer]!
        const isRecomputed = layout.recompute.kind !== 'full' || i < (layout.recompute.layers ?? count)
        parts.push({
          cost: this.layer(layout, kind, isRecomputed ? layout.recompute : none),
          elements: this.elements(layout, kind),
          kind,
        })
      }
      if (stage === 0) parts.push({ cost: this.extra(layout, 0.05), elements: this.vocabulary(layout) })
      if (stage === stages.length - 1)
        parts.push({ cost: this.extra(layout, this.#knobs.head), elements: this.vocabulary(layout), isHead: true })
      return parts
    })
    const total = (stage: number, of: (cost: LayerCost) => number): number =>
      perStage[stage]!.reduce((sum, { cost }) => sum + of(cost), 0)
    const times = {
      forward: stages.map((_, s) => total(s, c => c.forwardSeconds)),
      backward: stages.map((_, s) => total(s, c => c.backwardSeconds + c.weightSeconds)),
      weight: stages.map((_, s) => total(s, c => c.weightSeconds)),
      sendForward: stages.map(() => this.send(layout)),
      sendBackward: stages.map(() => this.send(layout)),
    }
    const { makespan } = simulate(schedule(layout.schedule, shape), times)
    const { rankOfStage, depth } = placeStages(layout.schedule, shape)
    const ranks = Array.from({ length: pipeline }, (_, rank) => {
      const own = [...rankOfStage].flatMap((r, place) => (r === rank ? [place % depth] : []))
      const parts = own.flatMap(stage => perStage[stage]!)
      const elements = {
        dense: parts.reduce((sum, p) => sum + p.elements.dense, 0),
        experts: parts.reduce((sum, p) => sum + p.elements.experts, 0),
      }
      const flying = inFlight(layout.schedule, rank, shape)
      const keptBy = (isHead: boolean): number =>
        parts.reduce((sum, p) => (Boolean(p.isHead) === isHead ? sum + p.cost.keptBytes : sum), 0)
      const heads = keptBy(true) / Math.max(1, parts.filter(p => p.isHead).length)
      const kept = (keptBy(false) * flying) / own.length + heads * (layout.schedule === 'gpipe' ? flying : 1)
      const shapes = [...new Set(parts.flatMap(p => (p.kind === undefined ? [] : [p.kind])))].reduce(
        (sum, kind) => sum + 2 ** kind,
        0,
      )
      const working = this.working(layout, layout.recompute, shapes, own.includes(depth - 1))
      return { elements, working, kept }
    })
    return { makespan, ranks }
  }
}

function problemOf(of: Knobs): SearchProblem {
  const costs = new Synthetic(of)
  return {
    model: modelOf(of),
    fleet: fleetOf(of),
    workload: { ...costs.workload, globalBatch: of.batch },
    costs,
    abilities: abilitiesOf(of.family),
    fixed: {},
  }
}

const RUNS = 200

const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1)

/** All layouts that the space has for a small case, as nested loops. */
function* everyLayout(problem: SearchProblem, of: Knobs): Generator<Layout> {
  const { abilities, model } = problem
  const devices = Math.max(1, Math.floor(of.devices / of.perNode)) * Math.min(of.perNode, of.devices)
  const node = Math.min(of.perNode, of.devices)
  const sparse = of.experts > 0
  const modules: RecomputeModule[] = sparse
    ? ['core_attn', 'layernorm', 'mlp', 'moe', 'moe_act']
    : ['core_attn', 'layernorm', 'mlp']
  const subsets = upTo(2 ** modules.length - 1)
    .map(bits => modules.filter((_, i) => (bits >> i) % 2 === 1))
    .filter(subset => !(subset.includes('moe') && subset.includes('moe_act')))
  for (const tensor of upTo(abilities.tensor ? of.heads : 1))
    for (const context of upTo(SEQUENCE))
      for (const pipeline of upTo(of.layers))
        for (const data of upTo(of.batch)) {
          const used = tensor * context * pipeline * data
          if (used > devices || (used > node && used % node !== 0)) continue
          if (of.heads % tensor !== 0 || 48 % tensor !== 0 || of.batch % data !== 0) continue
          if (context > 1 && SEQUENCE % (2 * context) !== 0) continue
          for (const microBatch of upTo(of.batch)) {
            if ((of.batch / data) % microBatch !== 0) continue
            const microBatches = of.batch / data / microBatch
            for (const expert of sparse ? upTo(of.experts) : [1])
              for (const expertTensor of sparse ? upTo(tensor) : [tensor]) {
                if (sparse && (of.experts % expert !== 0 || tensor % expertTensor !== 0 || 24 % expertTensor !== 0))
                  continue
                if ((data * context * tensor) % (expert * expertTensor) !== 0) continue
                for (const dispatcher of expert > 1 ? abilities.dispatchers : [abilities.dispatchers[0]!])
                  for (const contextMethod of context > 1 ? abilities.contextMethods : (['ring'] as const)) {
                    if (contextMethod === 'ulysses' && (of.heads / tensor) % context !== 0) continue
                    for (const sequenceParallel of tensor === 1 ? [false] : sparse ? [true] : [true, false]) {
                      if (sequenceParallel && (SEQUENCE / context) % tensor !== 0) continue
                      for (const scheduleName of pipeline > 1 ? abilities.schedules : (['1f1b'] as const))
                        for (const chunks of upTo(
                          scheduleName === '1f1b' || scheduleName === 'gpipe' ? 1 : of.layers,
                        )) {
                          if (pipeline * chunks > of.layers) continue
                          if (shapeProblem(scheduleName, { pipeline, chunks, microBatches })) continue
                          const cut = {
                            tensor,
                            context,
                            contextMethod,
                            sequenceParallel,
                            expert,
                            expertTensor,
                            dispatcher,
                            microBatch,
                          }
                          const costs = problem.costs.cut(cut)
                          const seconds = (c: LayerCost): number =>
                            c.forwardSeconds + c.backwardSeconds + c.weightSeconds
                          const stages = cutEvenly(
                            model.layers.map(shape => seconds(costs.layer(shape, { kind: 'none' }))),
                            { first: seconds(costs.embedding()), last: seconds(costs.head()) },
                            pipeline * chunks,
                          )
                          const recomputes: Recompute[] = [
                            { kind: 'none' },
                            ...(abilities.recomputeModules
                              ? subsets.map(s => ({ kind: 'modules', modules: s }) as const)
                              : []),
                            { kind: 'full' },
                            ...upTo(Math.max(...stages) - 1).map(layers => ({ kind: 'full', layers }) as const),
                          ]
                          for (const recompute of recomputes)
                            for (const offload of abilities.offloads)
                              for (const zero of abilities.zero) {
                                if (pipeline > 1 && zero > abilities.zeroWithPipeline) continue
                                const group = data * context
                                const widths = zero === 0 ? [1] : upTo(group).filter(w => w > 1 && group % w === 0)
                                for (const shardRanks of abilities.partialShards || zero === 0
                                  ? widths
                                  : widths.slice(-1))
                                  yield {
                                    ...cut,
                                    data,
                                    pipeline,
                                    schedule: scheduleName,
                                    chunks,
                                    stages,
                                    zero,
                                    shardRanks,
                                    recompute,
                                    offload,
                                  }
                              }
                        }
                    }
                  }
              }
          }
        }
}

function bruteForce(problem: SearchProblem, of: Knobs): { layout: Layout; seconds: number } | undefined {
  let best: { layout: Layout; seconds: number } | undefined
  for (const layout of everyLayout(problem, of)) {
    const { seconds, fits } = problem.costs.predict(layout)
    if (!fits) continue
    if (!best || seconds < best.seconds || (seconds === best.seconds && compareLayouts(layout, best.layout) < 0))
      best = { layout, seconds }
  }
  return best
}

test('on 200 random small cases the search finds what writing out every layout finds', () => {
  let fitted = 0
  fc.assert(
    fc.property(knobs, of => {
      const problem = problemOf(of)
      const slow = bruteForce(problem, of)
      const { found } = new Search(problem).best()
      if (slow) fitted++
      expect(found === undefined).toBe(slow === undefined)
      if (found && slow) expect(found.prediction.seconds).toBeCloseTo(slow.seconds, 9)
    }),
    { numRuns: RUNS },
  )
  expect(fitted).toBeGreaterThan(RUNS / 2)
}, 120_000)
