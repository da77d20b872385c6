/** Leave-one-group-out: the constants are fitted without the group that is predicted. */
import { predictStepTime } from '../../../src/planner/cost/step/predict-step.ts'
import type { StepConstants } from '../../../src/planner/cost/step/step-constants.ts'
import { calibrationRuns, fitConstants } from '../fit/calibration.ts'
import type { Judged } from './errors.ts'
import type { Run } from './read-rows.ts'

export interface HeldOut extends Judged {
  readonly run: Run
}

export function leaveOneGroupOut(runs: readonly Run[]): readonly HeldOut[] {
  const measured = runs.filter(run => run.measuredSeconds !== undefined)
  const groups = [...new Set(measured.map(run => run.row.source_group))].sort()
  const calibration = calibrationRuns(runs)
  const known = new Map<number, StepConstants>()
  return groups.flatMap(group => {
    const rest = calibration.filter(run => run.row.source_group !== group)
    // Groups without a calibration row share one fit: all of them.
    const constants = (rest.length === calibration.length && known.get(rest.length)) || fitConstants(rest)
    known.set(rest.length, constants)
    return measured
      .filter(run => run.row.source_group === group)
      .map(run => ({
        run,
        row: run.row,
        error: predictStepTime(run.input, constants).seconds / run.measuredSeconds! - 1,
      }))
  })
}
