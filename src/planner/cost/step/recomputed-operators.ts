/** Which of a layer's forward operators run again in the backward pass. */
import type { Operator } from '../../model/operator.ts'
import type { Recompute, RecomputeModule } from '../../training/layout.ts'
import type { Family } from '../software.ts'

const belongs: Readonly<Record<RecomputeModule, (operator: Operator) => boolean>> = {
  core_attn: o => o.module === 'core',
  layernorm: o => o.module === 'norm',
  mlp: o => o.module === 'mlp',
  moe: o => ['router', 'experts', 'permute', 'sharedExpert'].includes(o.module),
  moe_act: o => o.module === 'experts' && o.kind === 'pass',
  mla_up_proj: o => o.module === 'latentUp',
  shared_experts: o => o.module === 'sharedExpert',
}

export interface Recomputed {
  readonly operators: readonly Operator[]
  /** Collectives of the layer run again as well. */
  readonly withCommunication: boolean
}

/** `full.layers` is the caller's: he asks with it for the layers that are recomputed. */
export function recomputedOperators(operators: readonly Operator[], recompute: Recompute, family: Family): Recomputed {
  switch (recompute.kind) {
    case 'none':
      return { operators: [], withCommunication: false }
    case 'full':
      return { operators, withCommunication: true }
    case 'modules':
      return {
        operators:
          recompute.modules.includes('mlp') && (family === 'torchtitan' || family === 'fsdp')
            ? everySecondProduct(operators)
            : operators.filter(operator => recompute.modules.some(module => belongs[module](operator))),
        withCommunication: recompute.modules.includes('moe'),
      }
  }
}

/** PyTorch's selective checkpointing by operator (torchtitan): keeps attention and every second product, computes the rest again. */
function everySecondProduct(operators: readonly Operator[]): readonly Operator[] {
  let products = 0
  return operators.filter(operator => {
    if (operator.kind === 'gemm' || operator.kind === 'grouped') return products++ % 2 === 1
    return operator.kind === 'pass'
  })
}
