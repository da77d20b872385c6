/** Fitted to 393 calibration rows by `npm run bench:calibrate`; do not edit. What each means: ../step/step-constants.ts. */
import type { StepConstants } from '../step/step-constants.ts'

export const STEP_CONSTANTS: StepConstants = {
  sustained: 1.01,
  sustainedNarrow: 1.003,
  expertProducts: 1.223,
  fineScale: 1.857,
  castBytes: 2.446,
  castPerYear: 0.3819,
  attention: 1.073,
  flash1: 1.444,
  passes: 0.941,
  routingPasses: 1.262,
  launchSeconds: 0.000006327,
  launchPerYear: 0.2,
  expertHostSeconds: 0.000988,
  collectiveHostSeconds: 0.00002233,
  tensorHidden: 0.5395,
  contextHidden: 0.6,
  expertHidden: 0.3813,
  pipelineHidden: 0.6969,
  contention: 6.909,
  dataHidden: 0.5842,
  optimizerPasses: 1.123,
  stepSeconds: 0.04221,
  jitterPerDoubling: 0.003007,
}
