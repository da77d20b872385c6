/**
 * How fast the search is, and what it answers, on the cases of the issue: `node scripts/run-ts.js bench/planner/search.ts [CASE]`.
 * Prints nodes, layouts scored a second, layouts predicted whole, and the plan.
 */
import { softwareOf } from '../../src/planner/cost/software/defaults.ts'
import { presetFleet } from '../../src/planner/fleet/preset.ts'
import { readHuggingFace } from '../../src/planner/model/hugging-face.ts'
import { abilitiesOf } from '../../src/planner/search/abilities.ts'
import { Search } from '../../src/planner/search/search.ts'
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
  console.log(`memory ${Math.round(process.memoryUsage().rss / 2 ** 20)} MiB`)
}
