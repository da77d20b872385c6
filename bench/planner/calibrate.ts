/**
 * Fits the constants of the step model to the calibration rows and writes them into the planner:
 * `npm run bench:calibrate -- [--rows FILE.jsonl]... [--dry-run]`
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { packageRoot } from '../../src/base/package-root.ts'
import { CONSTANT_NAMES } from '../../src/planner/cost/step/step-constants.ts'
import { readRowsFile } from './accuracy/read-rows.ts'
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

const runs = calibrationRuns(flags.rows.flatMap(path => readRowsFile(path).runs))
const constants = fitConstants(runs)
const lines = CONSTANT_NAMES.map(name => `  ${name}: ${constants[name]},`).join('\n')
const text = `/** Fitted to ${runs.length} calibration rows by \`npm run bench:calibrate\`; do not edit. What each means: ../step/step-constants.ts. */
import type { StepConstants } from '../step/step-constants.ts'

export const STEP_CONSTANTS: StepConstants = {
${lines}
}
`
if (flags['dry-run']) console.log(text)
else {
  const path = join(packageRoot(), 'src/planner/cost/data/constants.ts')
  writeFileSync(path, text)
  console.log(`${runs.length} rows, ${CONSTANT_NAMES.length} constants: ${path}`)
}
