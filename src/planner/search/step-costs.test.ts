/**
 * The search adds up pieces; the cost model predicts a layout as a whole. On random layouts of real models both must say the same of every rank's
 * time and of the fullest rank's memory, and no bound may lie above what is predicted: else the search would not be exact.
 */
import { expect, test } from 'vitest'
import { formatProblem } from '../../base/problem.ts'
import { softwareOf } from '../cost/software/defaults.ts'
import type { Family } from '../cost/software.ts'
import { presetFleet } from '../fleet/preset.ts'
import { readHuggingFace } from '../model/hugging-face.ts'
import { publishedConfig } from '../model/published-models.ts'
import { precisionOf } from '../training/declared-workload.ts'
import { abilitiesOf } from './abilities.ts'
import { axisValues } from './axis-values.ts'
import { CutEntry, exchangeOf } from './cut-entry.ts'
import { denseCuts, expertCuts } from './cuts.ts'
import type { Scored } from './node.ts'
import type { SearchProblem } from './problem.ts'
import { recomputeModules } from './recompute-options.ts'
import { mostNeeded } from './run.ts'
import { scoreNode } from './score-node.ts'
import type { Cut } from './stage-costs.ts'
import { stageSeconds, whole } from './stage-sums.ts'
import { layStages, ShapeCounts } from './stages.ts'
import { stepCosts } from './step-costs.ts'

const LLAMA_1B = {
  ...publishedConfig('llama-3.1-8b'),
  hidden_size: 2048,
  intermediate_size: 8192,
  num_hidden_layers: 16,
  tie_word_embeddings: true,
}

const CASES: readonly [string, Readonly<Record<string, unknown>>, string, Family][] = [
  ['Llama 3.2 1B', LLAMA_1B, 'h100x16', 'torchtitan'],
  ['Llama 3 8B', publishedConfig('llama-3.1-8b'), 'h100x64', 'other'],
  ['Mixtral 8x7B', publishedConfig('mixtral-8x7b'), 'a100-80gbx64', 'megatron'],
  ['DeepSeek-V3', publishedConfig('deepseek-v3'), 'h100x2048', 'megatron'],
]

function problemOf(config: Readonly<Record<string, unknown>>, preset: string, family: Family): SearchProblem {
  const model = readHuggingFace(config, 'model')
  if (!model.ok) throw new Error(model.problems.map(formatProblem).join('\n'))
  const given = {
    model: model.value,
    fleet: presetFleet(preset),
    software: softwareOf(family, 2026),
    workload: {
      sequence: 4096,
      globalBatch: 4096,
      precision: precisionOf('bf16'),
      optimizer: { name: 'adam', stateBytes: 12 },
      expertImbalance: 1,
      causal: true,
    },
  }
  return { ...given, costs: stepCosts(given), abilities: abilitiesOf(family), fixed: {} }
}

/** The same every time. */
function dice(seed: number): <T>(among: readonly T[]) => T {
  let state = seed
  return among => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31
    return among[Math.floor((state / 2 ** 31) * among.length)]!
  }
}

const NODES = 40
const SPLIT = ['zb-h1', 'zb-h2', 'zbv', 'dualpipe', 'dualpipev']

test.each(CASES)('the pieces of %s add up to the whole prediction', (_, config, preset, family) => {
  const problem = problemOf(config, preset, family)
  const { costs, model, workload } = problem
  const values = axisValues(problem)
  const counts = new ShapeCounts(model)
  const modules = recomputeModules(problem)
  const pick = dice(7)
  const small = denseCuts(problem, values).filter(cut => cut.tensor * cut.context <= 16 && cut.microBatch <= 4)
  let compared = 0
  for (let i = 0; i < NODES; i++) {
    const dense = pick(small)
    const cut = pick(expertCuts(problem, values, dense))
    const pipeline = pick([1, 2, 4, 8, 16].filter(degree => degree <= model.layers.length))
    const data = pick(
      [8, 16, 32].filter(degree => (degree * cut.context * cut.tensor) % (cut.expert * cut.expertTensor) === 0),
    )
    if (!data) continue
    const grid = { ...cut, pipeline, data }
    const entry = new CutEntry(problem, counts, cut)
    const offered: Scored[] = []
    const tally = {
      scored: 0,
      fitting: 0,
      tooSlow: 0,
      tooLarge: 0,
      nearestBytes: Number.POSITIVE_INFINITY,
      nearest: undefined,
    }
    scoreNode(
      {
        problem,
        question: {},
        counts,
        modules,
        entry,
        grid,
        microBatches: workload.globalBatch / (data * cut.microBatch),
      },
      { tally, limit: () => Number.POSITIVE_INFINITY, offer: scored => offered.push(scored) },
    )
    expectBounds(cut)
    for (const scored of offered.filter((_scored, at) => at % Math.ceil(offered.length / 4) === 0)) {
      expectSame(scored, entry, grid)
      compared++
    }
  }
  expect(compared).toBeGreaterThan(10)

  function expectBounds(cut: Cut): void {
    const own = costs.cut(cut)
    const layers = model.shapes.map((_shape, shape) => own.layer(shape, { kind: 'none' }))
    const parts = [...model.layers.map(shape => layers[shape]!), own.embedding(), own.head()]
    const exact = parts.reduce((sum, part) => sum + part.forwardSeconds + part.backwardSeconds + part.weightSeconds, 0)
    const { seconds, withExperts } = costs.leastDense(cut)
    const least = costs.least(cut).seconds
    const above = exact * (1 + 1e-9)
    expect(least).toBeLessThanOrEqual(above)
    expect(seconds + costs.leastExperts(cut)).toBeLessThanOrEqual(least * (1 + 1e-9))
    expect(costs.leastExpertsAlone(cut)).toBeLessThanOrEqual(costs.leastExperts(cut) * (1 + 1e-9))
    expect(withExperts).toBeLessThanOrEqual(above)
    expect(costs.leastRow(cut)).toBeLessThanOrEqual(withExperts * (1 + 1e-9))
  }

  function expectSame(
    { layout, leastSeconds, neededBytes }: Scored,
    entry: CutEntry,
    grid: Cut & { pipeline: number; data: number },
  ): void {
    const predicted = costs.predict(layout)
    const bytes = neededBytes / mostNeeded(predicted)
    // Micro-batches in flight of zero-bubble schedules are counted from above: how many there are depends on times.
    if (SPLIT.includes(layout.schedule)) {
      expect(bytes).toBeGreaterThan(1 - 1e-6)
      expect(bytes).toBeLessThan(1.5)
    } else expect(bytes).toBeCloseTo(1, 6)
    expect(leastSeconds).toBeLessThanOrEqual(predicted.seconds * (1 + 1e-9))
    if (layout.pipeline === 1 && layout.recompute.kind === 'none')
      expect(leastSeconds / predicted.seconds).toBeCloseTo(1, 6)
    if (layout.recompute.kind === 'full' && layout.recompute.layers !== undefined) return
    const priced = entry.priced(modules, exchangeOf(grid, layout))
    const stages = layStages(layout.pipeline, layout, layout.stages)
    const { forward, backward } = stageSeconds(counts, stages, whole(priced.only(layout.recompute)), priced)
    const ranks = stages.rankOfPlace.length === layout.stages.length ? layout.pipeline : 0
    for (let rank = 0; rank < ranks; rank++) {
      const of = (seconds: Float64Array): number =>
        seconds.reduce((sum, own, stage) => (stages.rankOfPlace[stage] === rank ? sum + own : sum), 0)
      expect(of(forward) / predicted.stages[rank]!.forwardSeconds).toBeCloseTo(1, 6)
      expect(of(backward) / predicted.stages[rank]!.backwardSeconds).toBeCloseTo(1, 6)
    }
  }
})
