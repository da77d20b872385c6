/**
 * Predictions against published runs: `npm run bench:planner -- [--rows FILE.jsonl]... [-o json] [--quality A] [--anchor ID]... [--held-out]`
 * One object a row with `-o json`, else errors by source. `--anchor` takes a run as measured by the user: one factor for its software.
 */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { packageRoot } from '../src/base/package-root.ts'
import { BANDS } from '../src/planner/cost/data/bands.ts'
import { STEP_CONSTANTS } from '../src/planner/cost/data/constants.ts'
import { coverageOf, coverageTable } from './planner/accuracy/coverage.ts'
import { type Judged, parts, quantile, strata, strataTable, stratum } from './planner/accuracy/errors.ts'
import { leaveOneGroupOut } from './planner/accuracy/held-out.ts'
import { knobAnswers, knobTable } from './planner/accuracy/knobs.ts'
import { anchored, predictRuns, rowAnswer } from './planner/accuracy/predict-runs.ts'
import { rankingOf } from './planner/accuracy/ranking.ts'
import { type RowsOfFile, readRowsFile } from './planner/accuracy/read-rows.ts'
import { residualsOf } from './planner/fit/bands.ts'
import { splitOf } from './planner/rows/splits.ts'

const { values: flags } = parseArgs({
  options: {
    rows: { type: 'string', multiple: true },
    output: { type: 'string', short: 'o', default: 'text' },
    quality: { type: 'string' },
    anchor: { type: 'string', multiple: true, default: [] },
    'held-out': { type: 'boolean', default: false },
  },
})

const files = flags.rows ?? [join(packageRoot(), '../shared/planner/data/rows.jsonl')]
const all: RowsOfFile = files.map(readRowsFile).reduce((a, b) => ({
  runs: [...a.runs, ...b.runs],
  skipped: [...a.skipped, ...b.skipped],
}))
const wanted = <T extends { readonly row: { readonly quality?: string | null } }>(items: readonly T[]): readonly T[] =>
  items.filter(({ row }) =>
    flags.output === 'json' ? !flags.quality || row.quality === flags.quality : row.quality === (flags.quality ?? 'A'),
  )

const predicted = anchored(predictRuns(wanted(all.runs)), flags.anchor)
if (flags.output === 'json') {
  for (const one of predicted) console.log(JSON.stringify(rowAnswer(one)))
  for (const { row, skipped } of wanted(all.skipped)) console.log(JSON.stringify({ id: row.id, skipped }))
} else printErrors()

function printErrors(): void {
  const skipped = wanted(all.skipped)
  const judged: Judged[] = [
    ...predicted
      .filter(one => one.run.measuredSeconds !== undefined)
      .map(one => ({ row: one.run.row, error: one.prediction.seconds / one.run.measuredSeconds! - 1 })),
    ...skipped.map(({ row }) => ({ row, error: -1 })),
  ]
  console.log(strataTable(strata(judged)))
  const reasons = new Map<string, number>()
  for (const one of skipped) reasons.set(one.skipped, (reasons.get(one.skipped) ?? 0) + 1)
  console.log(`\n${skipped.length} rows of quality ${flags.quality ?? 'A'} could not be predicted (counted as 100 %)`)
  for (const [reason, count] of reasons) console.log(`  ${count} x ${reason}`)
  const known = residualsOf(
    predicted.filter(one => one.run.measuredSeconds !== undefined).map(one => one.run),
    STEP_CONSTANTS,
  )
  console.log(`\n${coverageTable(coverageOf(known.map(residual => ({ residual, table: BANDS }))))}`)
  printRanking()
  console.log(`\n${knobTable(knobAnswers())}`)
  if (flags['held-out']) printHeldOut()
}

/** Sweeps of layouts are a file of their own (rows-vtrain-single-node.jsonl), of which the rows with 24 layers are calibration. */
function printRanking(): void {
  const sweeps = rankingOf(
    predictRuns(all.runs.filter(({ row }) => splitOf(row) === 'validation' && /vtrain/.test(row.source_group))),
  )
  if (sweeps.sweeps === 0) return
  const share = sweeps.taus.filter(tau => tau >= 0.6).length / sweeps.sweeps
  console.log(
    `\n${sweeps.sweeps} sweeps of 4 layouts or more: Kendall tau ${quantile(sweeps.taus, 0.5).toFixed(2)} in the median, 0.6 or more in ` +
      `${(100 * share).toFixed(0)} %; the chosen layout takes ${(100 * quantile(sweeps.losses, 0.5)).toFixed(1)} % more than the best ` +
      `in the median, ${(100 * quantile(sweeps.losses, 0.9)).toFixed(1)} % at p90`,
  )
}

function printHeldOut(): void {
  const vtrain = join(packageRoot(), '../shared/planner/data/rows-vtrain-single-node.jsonl')
  const calibration = files.some(file => file.endsWith('single-node.jsonl'))
    ? all.runs
    : [...all.runs, ...readRowsFile(vtrain).runs]
  const groups = leaveOneGroupOut(wanted(all.runs), calibration, STEP_CONSTANTS)
  const judged = groups.flatMap(({ residuals }) =>
    residuals.map(({ run, log }) => ({ row: run.row, error: Math.exp(-log) - 1 })),
  )
  console.log('\nwith constants fitted without the group that is predicted')
  console.log(strataTable([stratum('all', judged), ...parts('held out', judged)]))
  for (const { group, residuals } of groups.filter(one => one.group === 'simumax-b200')) {
    const means = residuals.map(
      anchor =>
        residuals.reduce((sum, { log }) => sum + Math.abs(Math.exp(anchor.log - log) - 1), 0) / residuals.length,
    )
    console.log(
      `\n${group} after one anchor row: mean error ${(100 * quantile(means, 0.5)).toFixed(1)} % (median over the anchors)`,
    )
  }
  const banded = groups.flatMap(({ residuals, table }) => residuals.map(residual => ({ residual, table })))
  console.log(`\n${coverageTable(coverageOf(banded))}`)
}
