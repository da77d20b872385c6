/** Fitted to the calibration rows by `npm run bench:calibrate`; do not edit. */
import type { StepConstants } from '../step/step-constants.ts'

export const STEP_CONSTANTS: StepConstants = {
  sustained: 1.05,
  sustainedNarrow: 1.1,
  fineScale: 1.4,
  castBytes: 3,
  castPerYear: 0.5,
  attention: 1.05,
  flash1: 1.3,
  passes: 1,
  routingPasses: 1,
  launchSeconds: 6e-6,
  launchPerYear: 0.2,
  expertHostSeconds: 0.001,
  collectiveHostSeconds: 2e-5,
  tensorHidden: 0.6,
  contextHidden: 0.7,
  expertHidden: 0.4,
  pipelineHidden: 0.7,
  contention: 5,
  dataHidden: 0.7,
  optimizerPasses: 1.3,
  stepSeconds: 0.01,
  jitterPerDoubling: 0.003,
}
