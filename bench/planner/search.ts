/**
 * How fast the search is, and what it answers, on the cases of the issue: `node scripts/run-ts.js bench/planner/search.ts [CASE]`.
 * Prints nodes, layouts scored a second, layouts predicted whole, and the plan.
 */
import { softwareOf } from '../../src/planner/cost/software/defaults.ts'
import { devicesOf } from '../../src/planner/fleet/fleet.ts'
import { presetFleet } from '../../src/planner/fleet/preset.ts'
import { readHuggingFace } from '../../src/planner/model/hugging-face.ts'
import { abilitiesOf } from '../../src/planner/search/abilities.ts'
import { axisValues } from '../../src/planner/search/axis-values.ts'
import { CutEntry } from '../../src/planner/search/cut-entry.ts'
import type { Node } from '../../src/planner/search/node.ts'
import type { SearchProblem } from '../../src/planner/search/problem.ts'
import { RankedCuts } from '../../src/planner/search/ranked-cuts.ts'
import { recomputeModules } from '../../src/planner/search/recompute-options.ts'
import { Rejections } from '../../src/planner/search/rejections.ts'
import { scoreNode } from '../../src/planner/search/score-node.ts'
import { Search } from '../../src/planner/search/search.ts'
import { ShapeCounts } from '../../src/planner/search/stages.ts'
import { stepCosts } from '../../src/planner/search/step-costs.ts'
import { precisionOf } from '../../src/planner/training/declared-workload.ts'
import { CASES } from './search-cases.ts'

for (const { name, config, fleet: preset, sequence, globalBatch, family } of CASES) {
  if (process.argv[2] && !name.includes(process.argv[2])) continue
  const model = readHuggingFace(config, name)
  if (!model.ok) throw new Error(JSON.stringify(model.problems))
  const fleet = presetFleet(preset)
  const software = softwareOf(family, 2026)
  const workload = {
    sequence,
    globalBatch,
    precision: precisionOf('bf16'),
    optimizer: { name: 'adam', stateBytes: 12 },
    expertImbalance: 1,
    causal: true,
  }
  const given = { model: model.value, fleet, workload, software }
  const problem = { ...given, costs: stepCosts(given), abilities: abilitiesOf(family), fixed: {} }
  for (const round of process.argv[3] ? ['cold'] : ['cold', 'warm']) {
    const start = performance.now()
    const { found, tally, nodes, simulated } = new Search(problem).best()
    const seconds = (performance.now() - start) / 1000
    const { scored, tooSlow, tooLarge } = tally
    console.log(name, round, {
      seconds,
      nodes,
      scored,
      perSecond: Math.round(scored / seconds),
      tooSlow,
      tooLarge,
      simulated,
    })
    if (round === 'warm') console.log(found?.prediction.seconds, JSON.stringify(found?.layout))
  }
  console.log('scored whole, warm', throughput(problem))
  console.log(`memory ${Math.round(process.memoryUsage().rss / 2 ** 20)} MiB`)
}

/** Layouts a second of processor time when nothing is ruled out by time: every schedule, recompute and state of the likeliest cuts on all their grids. */
function throughput(problem: SearchProblem): { readonly layouts: number; readonly perSecond: number } {
  const counts = new ShapeCounts(problem.model)
  const values = axisValues(problem)
  const modules = recomputeModules(problem)
  const cuts = new RankedCuts(problem, values).inOrder({}, problem.costs.capacityBytes, new Rejections())
  const nodes: Node[] = []
  for (const { cut } of cuts) {
    if (nodes.length >= 200) break
    const entry = new CutEntry(problem, counts, cut)
    for (const pipeline of [4, 8, 16, 32].filter(degree => degree <= problem.model.layers.length)) {
      const data = Math.max(1, Math.floor(devicesOf(problem.fleet) / (cut.tensor * cut.context * pipeline)))
      const microBatches = problem.workload.globalBatch / (data * cut.microBatch)
      if (!Number.isInteger(microBatches)) continue
      nodes.push({ problem, question: {}, counts, modules, entry, grid: { ...cut, pipeline, data }, microBatches })
    }
  }
  const tally = {
    scored: 0,
    fitting: 0,
    tooSlow: 0,
    tooLarge: 0,
    nearestBytes: Number.POSITIVE_INFINITY,
    nearest: undefined,
  }
  const sink = { tally, limit: () => Number.POSITIVE_INFINITY, offer: () => undefined }
  for (const node of nodes) scoreNode(node, sink)
  const score = (seconds: number): { readonly layouts: number; readonly perSecond: number } => {
    const before = tally.scored
    const start = process.cpuUsage()
    while (process.cpuUsage(start).user < 1e6 * seconds) for (const node of nodes) scoreNode(node, sink)
    const layouts = tally.scored - before
    return { layouts, perSecond: Math.round((1e6 * layouts) / process.cpuUsage(start).user) }
  }
  // Until the compiler is through.
  score(1)
  return score(2)
}
