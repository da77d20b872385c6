/** The parameters that rows may move: a physical guess each, how sure of it, and limits that no physics crosses. */
import type { StepConstants } from '../../../src/planner/cost/step/step-constants.ts'
import type { Parameter } from './robust-fit.ts'

const free = (guess: number, spread: number, low: number, high: number): Omit<Parameter, 'name'> => ({
  guess,
  spread,
  low,
  high,
})

export const PARAMETERS: Readonly<Record<keyof StepConstants, Omit<Parameter, 'name'>>> = {
  throttleDepth: free(1.02, 0.05, 0.9, 2.5),
  sustained: free(1.03, 0.03, 0.9, 1.4),
  sustainedNarrow: free(1.05, 0.05, 0.7, 1.6),
  expertProducts: free(1.01, 0.03, 0.8, 2),
  fineScale: free(1.2, 0.2, 0.9, 2.5),
  castBytes: free(3, 0.5, 0.3, 12),
  castPerYear: free(0.5, 1, 0.01, 3),
  attention: free(1.05, 0.07, 0.8, 1.5),
  flash1: free(1.3, 0.1, 1, 2.5),
  passes: free(1, 0.1, 0.5, 2.5),
  routingPasses: free(1.2, 0.3, 0.5, 4),
  routingUnfused: free(4, 0.4, 1, 15),
  launchSeconds: free(7e-6, 0.2, 1e-6, 3e-5),
  launchPerYear: free(0.7, 0.5, 0.05, 2),
  expertHostSeconds: free(2.5e-3, 0.25, 1e-5, 5e-3),
  collectiveHostSeconds: free(2e-5, 0.7, 1e-6, 2e-4),
  checkpointHostSeconds: free(2e-4, 0.3, 2e-5, 1e-3),
  skewSeconds: free(1.5e-5, 0.4, 1e-6, 1e-4),
  tensorHidden: free(0.6, 0.3, 0.1, 0.95),
  asyncTensorHidden: free(0.45, 0.3, 0.05, 0.95),
  contextHidden: free(0.6, 0.3, 0.1, 0.95),
  expertHidden: free(0.4, 0.3, 0.05, 0.95),
  pipelineHidden: free(0.7, 0.3, 0.1, 0.99),
  contention: free(5, 0.3, 1, 20),
  dataHidden: free(0.6, 0.3, 0.05, 0.95),
  optimizerPasses: free(1.25, 0.1, 0.7, 5),
  stepSeconds: free(0.006, 0.3, 0.001, 0.1),
  torchStepSeconds: free(0.03, 0.5, 0.001, 0.2),
  jitterPerDoubling: free(0.003, 0.5, 1e-4, 0.02),
}
