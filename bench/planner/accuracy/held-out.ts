/**
 * Leave-one-group-out: constants and bands are made without the group that is predicted. A group without calibration rows has the constants of all.
 */
import type { BandTable } from '../../../src/planner/cost/band-table.ts'
import type { StepConstants } from '../../../src/planner/cost/step/step-constants.ts'
import { type Residual, residualsOf, tableOf } from '../fit/bands.ts'
import { calibrationRuns, fitConstants } from '../fit/calibration.ts'
import type { Run } from './read-rows.ts'

export interface HeldOutGroup {
  readonly group: string
  readonly residuals: readonly Residual[]
  readonly table: BandTable
}

const groupOf = (run: Run): string => run.row.source_group
const groupsOf = (runs: readonly Run[]): readonly string[] => [...new Set(runs.map(groupOf))].sort()

/** Constants by the calibration group that they do not know. */
export function constantsWithout(runs: readonly Run[]): ReadonlyMap<string, StepConstants> {
  const calibration = calibrationRuns(runs)
  return new Map(
    groupsOf(calibration).map(group => [group, fitConstants(calibration.filter(run => groupOf(run) !== group))]),
  )
}

/** The spreads that bands are made of: rows of quality A, in place and held out. */
export function bandResiduals(
  runs: readonly Run[],
  constants: StepConstants,
  without: ReadonlyMap<string, StepConstants>,
): { readonly known: readonly Residual[]; readonly heldOut: readonly Residual[] } {
  const rows = calibrationRuns(runs).filter(run => run.row.quality === 'A')
  return {
    known: residualsOf(rows, constants),
    heldOut: groupsOf(rows).flatMap(group =>
      residualsOf(
        rows.filter(run => groupOf(run) === group),
        without.get(group)!,
      ),
    ),
  }
}

/** `asked` are predicted; `runs` hold the calibration rows. */
export function leaveOneGroupOut(
  asked: readonly Run[],
  runs: readonly Run[],
  constants: StepConstants,
): readonly HeldOutGroup[] {
  const without = constantsWithout(runs)
  const { known, heldOut } = bandResiduals(runs, constants, without)
  const measured = asked.filter(run => run.measuredSeconds !== undefined)
  return groupsOf(measured).map(group => {
    const others = ({ run }: Residual): boolean => groupOf(run) !== group
    return {
      group,
      residuals: residualsOf(
        measured.filter(run => groupOf(run) === group),
        without.get(group) ?? constants,
      ),
      table: tableOf(known.filter(others), heldOut.filter(others)),
    }
  })
}
