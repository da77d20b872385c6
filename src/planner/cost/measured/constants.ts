/** The step's constants on a device whose operators were measured as training runs them: nothing is to be corrected. */
import type { MeasuredDevice } from '../../../spec/measured-device.ts'
import type { StepConstants } from '../step/step-constants.ts'

/** On a CPU the host's time is the device's and in every measurement; collectives and compute share the same cores, so that nothing hides. */
export const measuredConstants = ({ kind }: MeasuredDevice, fitted: StepConstants): StepConstants => ({
  ...fitted,
  throttleDepth: 0,
  sustained: 1,
  sustainedNarrow: 1,
  expertProducts: 1,
  fineScale: 1,
  attention: 1,
  flash1: 1,
  passes: 1,
  routingPasses: 1,
  routingUnfused: 1,
  optimizerPasses: 1,
  ...(kind === 'cpu' ? ON_CPU : {}),
})

const ON_CPU = {
  launchSeconds: 0,
  expertHostSeconds: 0,
  collectiveHostSeconds: 0,
  checkpointHostSeconds: 0,
  skewSeconds: 0,
  tensorHidden: 0,
  asyncTensorHidden: 0,
  contextHidden: 0,
  expertHidden: 0,
  pipelineHidden: 0,
  contention: 0,
  dataHidden: 0,
  stepSeconds: 0,
  torchStepSeconds: 0,
} as const satisfies Partial<StepConstants>
