/** The head of the page: the plan, its step, its memory, its cost, in six lines. */
import { plural } from '../../base/units.ts'
import { choicesInWords, degreesInWords } from '../../planner/explain/layout-words.ts'
import { columns } from '../../planner/explain/table.ts'
import type { TrainingAnalysis } from '../../planner/explain/training/analysis.ts'
import { devicesOf } from '../../planner/fleet/fleet.ts'
import { parameters } from '../../planner/model/parameters.ts'
import type { Workload } from '../../planner/training/layout.ts'
import type { Style } from '../terminal.ts'
import { bar } from './bar.ts'
import { count, dollars, gibibytes, percent, seconds, whole } from './figures.ts'

export function answerSection(analysis: TrainingAnalysis, style: Style): readonly string[] {
  const { plan, workload } = analysis
  return [
    style.bold(`TrainingJob ${plan.name}`),
    ...columns(
      [
        ['model', modelWords(analysis)],
        ['fleet', fleetWords(analysis)],
        ['work', workWords(workload)],
      ],
      '  ',
    ).map(line => style.dim(line)),
    '',
    ...columns(
      [
        ['plan', `${degreesInWords(plan.degrees)}${rankWords(analysis)}`],
        ...wrapped(choicesInWords(analysis.best.layout, workload), 84).map(line => ['', line]),
        ['step', stepWords(analysis)],
        ['speed', speedWords(analysis)],
        ['memory', memoryWords(analysis)],
        ...costWords(analysis).map((words, i) => [i === 0 ? 'cost' : '', words]),
        ['bound by', analysis.binding.sentence],
        ...reasonWords(analysis).map((words, i) => [i === 0 ? 'because' : '', words]),
      ],
      '  ',
    ).map(line => emphasised(line, style)),
  ]
}

/** The choice itself stands out; the rest of the head explains it. */
const emphasised = (line: string, style: Style): string => (line.startsWith('  plan ') ? style.bold(line) : line)

function modelWords({ model }: TrainingAnalysis): string {
  const { total, active } = parameters(model)
  const experts = active < total ? ` (${count(active)} active)` : ''
  return `${model.name}, ${count(total)} parameters${experts}, ${plural(model.layers.length, 'layer')}`
}

function fleetWords({ fleet }: TrainingAnalysis): string {
  const pools = fleet.pools.map(
    ({ device, nodes, devicesPerNode }) =>
      `${whole(nodes * devicesPerNode)} ${device.name} in ${plural(nodes, 'node')}`,
  )
  return pools.join(' and ')
}

function workWords({ sequence, globalBatch, precision }: Workload): string {
  const format = precision.gemm === precision.base ? precision.gemm : `${precision.gemm} over ${precision.base}`
  return `${whole(globalBatch)} sequences of ${whole(sequence)} tokens a step (${count(globalBatch * sequence)} tokens), ${format}`
}

function rankWords({ plan, fleet }: TrainingAnalysis): string {
  const idle = devicesOf(fleet) - plan.ranks
  return `   ${plural(plan.ranks, 'rank')} in ${plural(plan.pods, 'pod')}${idle > 0 ? `, ${plural(idle, 'device')} idle` : ''}`
}

function stepWords({ best: { stepSeconds, band80 } }: TrainingAnalysis): string {
  const band = band80 ? `   8 of 10 such runs: ${seconds(band80[0])} to ${seconds(band80[1])}` : ''
  return `${seconds(stepSeconds)}${band}`
}

function speedWords({ best, plan }: TrainingAnalysis): string {
  const utilisation = plan.expected ? `, ${percent(plan.expected.modelFlopsUtilisation)} of the devices' peak` : ''
  return `${count(best.tokensPerSecond)} tokens/s${utilisation}`
}

function memoryWords({ best, fleet }: TrainingAnalysis): string {
  const capacity = Math.min(...fleet.pools.map(({ device }) => device.memoryBytes))
  const share = best.memoryBytes / capacity
  return `${bar(share, 20)} ${gibibytes(best.memoryBytes)} of ${gibibytes(capacity)} on the fullest rank`
}

function costWords({ best, goodput }: TrainingAnalysis): readonly string[] {
  const price = best.dollarsPerMillionTokens
  const training = [
    goodput.trainingSeconds === undefined ? undefined : `the training ${seconds(goodput.trainingSeconds)}`,
    goodput.trainingDollars === undefined ? undefined : dollars(goodput.trainingDollars),
  ].filter(words => words !== undefined)
  const money = [
    ...(price === undefined ? [] : [`${dollars(price)} a million tokens`]),
    ...(training.length > 0 ? [training.join(' and ')] : []),
  ]
  const interval = goodput.checkpointIntervalSeconds
  const failures = Number.isFinite(goodput.meanSecondsBetweenFailures)
    ? [
        `a failure every ${seconds(goodput.meanSecondsBetweenFailures)}: checkpoint every ${seconds(interval)} (${whole(goodput.checkpointIntervalSteps)} steps), ${percent(goodput.goodput)} of the time is useful`,
      ]
    : []
  return [...(money.length > 0 ? [money.join('; ')] : []), ...failures]
}

/** Reasons that the lines above do not tell already. */
const TOLD = /^(ranks|memory|micro-batches) = /

const reasonWords = ({ plan }: TrainingAnalysis): readonly string[] =>
  plan.reasons.filter(({ choice }) => !TOLD.test(choice)).map(({ choice, because }) => `${choice}: ${because}`)

/** Words joined by commas into lines of at most `width`. */
function wrapped(words: readonly string[], width: number): readonly string[] {
  const lines: string[] = []
  for (const word of words) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + word.length + 2 <= width) lines[lines.length - 1] = `${last}, ${word}`
    else lines.push(word)
  }
  return lines.map((line, i) => (i < lines.length - 1 ? `${line},` : line))
}
