/**
 * Which activations to keep. Of all subsets of modules only those matter that no other beats on time and on memory at once, in every shape
 * of layer; what is beaten is counted. Full recompute of the fewest layers that make it fit is found by division, not by trying.
 */
import type { ModelSpec } from '../model/model.ts'
import type { Recompute, RecomputeModule } from '../training/layout.ts'
import type { SearchProblem } from './problem.ts'
import type { CutCosts, LayerCost } from './stage-costs.ts'

export interface RecomputeOption {
  readonly recompute: Recompute
  /** By shape. */
  readonly costs: readonly LayerCost[]
  /** Forward, input part and weight part of all layers. */
  readonly layerSeconds: number
}

export const NO_RECOMPUTE: Recompute = { kind: 'none' }
export const FULL_RECOMPUTE: Recompute = { kind: 'full' }

/** Every way, before any is ruled out. */
export function allRecomputes({ model, abilities, fixed }: SearchProblem): readonly Recompute[] {
  if (fixed.recompute) return [fixed.recompute]
  const subsets = abilities.recomputeModules ? subsetsOf(modulesOf(model)) : []
  return [NO_RECOMPUTE, ...subsets.map(modules => ({ kind: 'modules', modules }) as const), FULL_RECOMPUTE]
}

/** Non-empty, smaller ones first. Whole `moe` contains `moe_act`, so both together are left out. */
function subsetsOf(modules: readonly RecomputeModule[]): readonly (readonly RecomputeModule[])[] {
  const subsets = Array.from({ length: 2 ** modules.length - 1 }, (_, i) =>
    modules.filter((_module, bit) => ((i + 1) >> bit) % 2 === 1),
  ).filter(subset => !(subset.includes('moe') && (subset.includes('moe_act') || subset.includes('shared_experts'))))
  return subsets.sort((a, b) => a.length - b.length)
}

export function modulesOf(model: ModelSpec): readonly RecomputeModule[] {
  const has = (is: (shape: ModelSpec['shapes'][number]) => boolean): boolean => model.shapes.some(is)
  const experts = has(shape => shape.mlp?.kind === 'experts')
  return [
    ...(has(shape => shape.mixer?.kind === 'attention' || shape.mixer?.kind === 'latent')
      ? (['core_attn'] as const)
      : []),
    'layernorm',
    ...(has(shape => shape.mlp?.kind === 'dense') ? (['mlp'] as const) : []),
    ...(experts ? (['moe', 'moe_act'] as const) : []),
    ...(has(shape => shape.mixer?.kind === 'latent') ? (['mla_up_proj'] as const) : []),
    ...(has(shape => shape.mlp?.kind === 'experts' && shape.mlp.sharedFfn > 0) ? (['shared_experts'] as const) : []),
  ]
}

/** Fastest first; the first is the least time that any of them takes. */
export function recomputeOptions(
  recomputes: readonly Recompute[],
  counts: readonly number[],
  cut: CutCosts,
): readonly RecomputeOption[] {
  const all = recomputes.map(recompute => recomputeOption(recompute, counts, cut))
  const kept: RecomputeOption[] = []
  // Full recompute also comes for a part of the layers, which nothing here stands for: it stays.
  all.forEach((option, i) => {
    const isBeaten = option.recompute.kind !== 'full' && all.some((other, j) => j !== i && beats(other, option, j < i))
    if (!isBeaten) kept.push(option)
  })
  return kept.sort((a, b) => a.layerSeconds - b.layerSeconds)
}

export function recomputeOption(recompute: Recompute, counts: readonly number[], cut: CutCosts): RecomputeOption {
  const costs = counts.map((_, shape) => cut.layer(shape, recompute))
  const layerSeconds = costs.reduce((sum, cost, shape) => sum + counts[shape]! * secondsOf(cost), 0)
  return { recompute, costs, layerSeconds }
}

export const secondsOf = (cost: LayerCost): number => cost.forwardSeconds + cost.backwardSeconds + cost.weightSeconds

/** No worse in anything, in every shape; equal ones are beaten by the earlier. */
function beats(a: RecomputeOption, b: RecomputeOption, isEarlier: boolean): boolean {
  let isBetter = isEarlier
  for (let shape = 0; shape < a.costs.length; shape++) {
    const [x, y] = [a.costs[shape]!, b.costs[shape]!]
    if (
      x.forwardSeconds > y.forwardSeconds ||
      x.backwardSeconds > y.backwardSeconds ||
      x.weightSeconds > y.weightSeconds ||
      x.keptBytes > y.keptBytes ||
      x.workingBytes > y.workingBytes
    )
      return false
    isBetter ||= secondsOf(x) < secondsOf(y) || x.keptBytes < y.keptBytes || x.workingBytes < y.workingBytes
  }
  return isBetter
}
