/** Fitted to 356 calibration rows by `npm run bench:calibrate`; do not edit. What each means: ../step/step-constants.ts. */
import type { StepConstants } from '../step/step-constants.ts'

export const STEP_CONSTANTS: StepConstants = {
  sustained: 1.014,
  sustainedNarrow: 0.9859,
  fineScale: 2.13,
  castBytes: 2.592,
  castPerYear: 0.3831,
  attention: 1.107,
  flash1: 1.405,
  passes: 0.9512,
  routingPasses: 1.666,
  launchSeconds: 0.000007271,
  launchPerYear: 0.2,
  expertHostSeconds: 0.005,
  collectiveHostSeconds: 0.00001923,
  tensorHidden: 0.6137,
  contextHidden: 0.6,
  expertHidden: 0.6216,
  pipelineHidden: 0.6849,
  contention: 6.471,
  dataHidden: 0.5979,
  optimizerPasses: 1.565,
  stepSeconds: 0.03388,
  jitterPerDoubling: 0.003105,
}
