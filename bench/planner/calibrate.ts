/**
 * Fits the constants of the step model to the calibration rows, measures the spread of its errors, and writes both into the planner:
 * `npm run bench:calibrate -- [--rows FILE.jsonl]... [--dry-run] && npx biome check --write src/planner/cost/data`
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { packageRoot } from '../../src/base/package-root.ts'
import { CONSTANT_NAMES } from '../../src/planner/cost/step/step-constants.ts'
import { bandResiduals, constantsWithout } from './accuracy/held-out.ts'
import { readRowsFile } from './accuracy/read-rows.ts'
import { tableOf } from './fit/bands.ts'
import { calibrationRuns, fitConstants } from './fit/calibration.ts'

const { values: flags } = parseArgs({
  options: {
    rows: {
      type: 'string',
      multiple: true,
      default: ['rows.jsonl', 'rows-vtrain-single-node.jsonl'].map(file =>
        join(packageRoot(), '../shared/planner/data', file),
      ),
    },
    'dry-run': { type: 'boolean', default: false },
  },
})

const all = flags.rows.flatMap(path => readRowsFile(path).runs)
const runs = calibrationRuns(all)
const constants = fitConstants(runs)
const constantsText = `/** Fitted to ${runs.length} calibration rows by \`npm run bench:calibrate\`; do not edit. What each means: ../step/step-constants.ts. */
import type { StepConstants } from '../step/step-constants.ts'

export const STEP_CONSTANTS: StepConstants = {
${CONSTANT_NAMES.map(name => `  ${name}: ${constants[name]},`).join('\n')}
}
`
const { known, heldOut } = bandResiduals(all, constants, constantsWithout(all))
const bandsText = `/** Spreads of ${known.length} calibration rows by \`npm run bench:calibrate\`; do not edit. What each means: ../band-table.ts. */
import type { BandTable } from '../band-table.ts'

export const BANDS: BandTable = ${JSON.stringify(tableOf(known, heldOut), null, 2)}
`
for (const [file, text] of [
  ['constants.ts', constantsText],
  ['bands.ts', bandsText],
] as const) {
  const path = join(packageRoot(), 'src/planner/cost/data', file)
  if (flags['dry-run']) console.log(text)
  else writeFileSync(path, text)
}
console.log(`${runs.length} rows, ${CONSTANT_NAMES.length} constants`)
