/** The least recompute with which a run fits: what a page that does not tell it is read as, and what a plan starts from. */
import type { Recompute } from '../../training/layout.ts'
import type { StepInput } from '../prediction.ts'
import { predictMemory } from './memory.ts'
import { leastBytes } from './reserved.ts'

/** From the cheapest to the dearest in time; modules that a model lacks free nothing. */
const RECOMPUTE_CHOICES: readonly Recompute[] = [
  { kind: 'none' },
  { kind: 'modules', modules: ['core_attn'] },
  { kind: 'modules', modules: ['layernorm', 'moe_act', 'mla_up_proj'] },
  { kind: 'modules', modules: ['layernorm', 'mlp', 'moe', 'mla_up_proj'] },
  { kind: 'full' },
]

/** Of the smallest device of the fleet. */
export const capacityBytes = (input: StepInput): number =>
  Math.min(...input.fleet.pools.map(pool => pool.device.memoryBytes))

/** Whether a run that is known only by these inputs can have been: the least that its ranks need is there. */
export const isPossible = (input: StepInput, inFlight: readonly number[]): boolean =>
  predictMemory(input, inFlight).every(memory => leastBytes(memory, input.software) <= capacityBytes(input))

/** Full recompute when nothing less fits. */
export function fittingRecompute(input: StepInput, inFlight: readonly number[]): Recompute {
  const withRecompute = (recompute: Recompute): StepInput => ({ ...input, layout: { ...input.layout, recompute } })
  return RECOMPUTE_CHOICES.find(recompute => isPossible(withRecompute(recompute), inFlight)) ?? { kind: 'full' }
}
