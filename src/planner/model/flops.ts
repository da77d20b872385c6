/**
 * FLOPs of a step by the formulas that published MFU figures use: a product counts two a weight and token, backward twice the forward.
 * With attention counted in full this is equation 7 of Korthikanti et al. (2205.05198), sign for sign.
 */
import { WHOLE } from './cut.ts'
import type { ModelSpec } from './model.ts'
import { operatorFlops } from './operator.ts'
import { operatorsOf, stageExtras } from './operators.ts'

/** Forward and backward of `tokens` tokens in sequences of `sequence`. */
export function modelFlops(model: ModelSpec, sequence: number, tokens: number, causal: boolean): number {
  const cut = { ...WHOLE, tokens: sequence, sequence }
  const forward = (operators: readonly Parameters<typeof operatorFlops>[0][]): number =>
    operators.reduce((sum, operator) => sum + operatorFlops(operator, causal), 0)
  const byShape = model.shapes.map(shape => forward(operatorsOf(shape, model, cut)))
  const layers = model.layers.reduce((sum, shape) => sum + byShape[shape]!, 0)
  return 3 * (layers + forward(stageExtras(model, cut).head)) * (tokens / sequence)
}
