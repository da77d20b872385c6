/** Constants from calibration rows: which rows, with which weight, fitted how. `calibrate.ts` writes them, leave-one-group-out asks for them again. */
import { predictStepTime } from '../../../src/planner/cost/step/predict-step.ts'
import { CONSTANT_NAMES, type StepConstants } from '../../../src/planner/cost/step/step-constants.ts'
import type { Run } from '../accuracy/read-rows.ts'
import { isOutlier, splitOf } from '../rows/splits.ts'
import { PARAMETERS } from './parameters.ts'
import { robustFit } from './robust-fit.ts'

const parameters = CONSTANT_NAMES.map(name => ({ name, ...PARAMETERS[name] }))

export const constantsOf = (values: readonly number[]): StepConstants =>
  Object.fromEntries(CONSTANT_NAMES.map((name, i) => [name, values[i]!])) as unknown as StepConstants

/** Rows that may move a constant. */
export const calibrationRuns = (runs: readonly Run[]): readonly Run[] =>
  runs.filter(
    run =>
      splitOf(run.row) === 'calibration' &&
      (run.row.quality === 'A' || isUsefulB(run)) &&
      run.measuredSeconds !== undefined &&
      !isOutlier(run.row),
  )

/** Rows without a stated recompute that fit constants all the same: mixtures of experts are rare, and their times are exact. */
const isUsefulB = ({ row }: Run): boolean =>
  row.quality === 'B' &&
  row.task === 'pretrain' &&
  ['moe-modelzoo', 'dgxc-benchmarking', 'vtrain-single-node'].includes(row.source_group)

/** Runs whose every condition is known say more, those of small old models less. */
const TRUST: Readonly<Record<string, number>> = { 'simumax-b200': 3.5, 'vtrain-single-node': 0.3 }

/** A page with many rows of one software says less a row than one with few. */
function weightsOf(runs: readonly Run[]): Float64Array {
  const sizes = new Map<string, number>()
  for (const { row } of runs) sizes.set(row.source_group, (sizes.get(row.source_group) ?? 0) + 1)
  return Float64Array.from(runs, ({ row }) => {
    const crowd = Math.min(3, Math.sqrt(60 / sizes.get(row.source_group)!))
    return crowd * (TRUST[row.source_group] ?? 1)
  })
}

export function fitConstants(runs: readonly Run[], rounds = 10): StepConstants {
  const { values } = robustFit({
    parameters,
    rounds,
    weights: weightsOf(runs),
    residuals: asked => {
      const constants = constantsOf(asked)
      return Float64Array.from(runs, run =>
        Math.log(predictStepTime(run.input, constants).seconds / run.measuredSeconds!),
      )
    },
  })
  return constantsOf(values.map(value => Number(value.toPrecision(4))))
}
