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
  /** Stretches that are checkpointed by themselves: each saves the state of the random numbers and restores it. */
  readonly regions: number
  /** Collectives of the layer run again as well. */
  readonly withCommunication: boolean
}

export const MODULES = Object.keys(belongs) as readonly RecomputeModule[]

/** A norm is a region of its own each time; any other module is one. */
export function regionsOf(modules: readonly RecomputeModule[], operators: readonly Operator[]): number {
  let regions = 0
  for (const module of modules) {
    const own = operators.filter(belongs[module]).length
    regions += module === 'layernorm' ? own : Math.min(1, own)
  }
  return regions
}

/** `full.layers` is the caller's: he asks with it for the layers that are recomputed. */
export function recomputedOperators(operators: readonly Operator[], recompute: Recompute, family: Family): Recomputed {
  switch (recompute.kind) {
    case 'none':
      return { operators: [], regions: 0, withCommunication: false }
    case 'full':
      return { operators, regions: operators.length > 0 ? 1 : 0, withCommunication: true }
    case 'modules': {
      const { modules } = recompute
      if (modules.includes('mlp') && (family === 'torchtitan' || family === 'fsdp'))
        return { operators: everySecondProduct(operators), regions: 1, withCommunication: modules.includes('moe') }
      return {
        operators: operators.filter(operator => modules.some(module => belongs[module](operator))),
        regions: regionsOf(modules, operators),
        withCommunication: modules.includes('moe'),
      }
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
