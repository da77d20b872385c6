/** One layer by module: what holds the parameters, what does the work, what goes through memory. For pages that explain a model. */
import type { LayerCut } from './cut.ts'
import type { LayerShape, ModelSpec } from './model.ts'
import { type OperatorModule, operatorFlops } from './operator.ts'
import { operatorsOf } from './operators.ts'
import { weightsOf } from './weights.ts'

export interface ModuleRow {
  readonly module: OperatorModule
  /** Of the whole layer. */
  readonly parameters: number
  /** Forward operations of one rank. */
  readonly flops: number
  /** Read and written by memory-bound operators of one rank's forward. */
  readonly passBytes: number
}

/** Modules in the order in which a token meets them. */
export function moduleTable(shape: LayerShape, model: ModelSpec, cut: LayerCut, causal: boolean): readonly ModuleRow[] {
  const rows = new Map<OperatorModule, { parameters: number; flops: number; passBytes: number }>()
  const rowOf = (module: OperatorModule) => {
    const known = rows.get(module) ?? { parameters: 0, flops: 0, passBytes: 0 }
    rows.set(module, known)
    return known
  }
  for (const operator of operatorsOf(shape, model, cut)) {
    rowOf(operator.module).flops += operatorFlops(operator, causal)
    if (operator.kind === 'pass') rowOf(operator.module).passBytes += operator.bytes
  }
  for (const weight of weightsOf(shape, model)) rowOf(weight.module).parameters += weight.elements
  return [...rows].map(([module, sums]) => ({ module, ...sums }))
}
