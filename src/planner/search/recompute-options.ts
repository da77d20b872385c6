/**
 * Which activations to keep. Of all subsets of modules only those matter that no other beats on time and on memory at once, in every shape
 * of layer. Full recompute of the fewest layers that make it fit is found by bisection, not by trying.
 */
import type { ModelSpec } from '../model/model.ts'
import type { Recompute, RecomputeModule } from '../training/layout.ts'
import type { SearchProblem } from './problem.ts'
import type { CutCosts, Exchange, LayerCost } from './stage-costs.ts'

export interface RecomputeOption {
  readonly recompute: Recompute
  /** By shape. */
  readonly costs: readonly LayerCost[]
  /** Forward, input part and weight part of all layers. */
  readonly layerSeconds: number
}

export const NO_RECOMPUTE: Recompute = { kind: 'none' }
export const FULL_RECOMPUTE: Recompute = { kind: 'full' }

/** Modules that can be recomputed one by one; none where the user or the framework leaves no choice. */
export function recomputeModules({ model, abilities, fixed }: SearchProblem): readonly RecomputeModule[] {
  return fixed.recompute || !abilities.recomputeModules ? [] : modulesOf(model)
}

/** Less than this share of what a layer keeps is not worth a choice (`core_attn` with flash attention). */
const LEAST_FREED = 0.002

/** What one module frees and costs. */
export interface Relief {
  readonly module: RecomputeModule
  readonly option: RecomputeOption
}

/** Modules that free something, each alone. */
export function reliefs(
  modules: readonly RecomputeModule[],
  plain: RecomputeOption,
  price: (recompute: Recompute) => RecomputeOption,
): readonly Relief[] {
  return modules
    .map(module => ({ module, option: price(subsetsOf([module])[0]!) }))
    .filter(({ option }) =>
      option.costs.some(({ keptBytes }, i) => keptBytes < (1 - LEAST_FREED) * plain.costs[i]!.keptBytes),
    )
}

/** All subsets of them that no other beats, nor the plain layers; fastest first. */
export function moduleOptions(
  all: readonly Relief[],
  plain: RecomputeOption,
  price: (recompute: Recompute) => RecomputeOption,
): readonly RecomputeOption[] {
  const single = new Map(all.map(({ module, option }) => [module, option]))
  const options = subsetsOf(all.map(({ module }) => module)).map(
    recompute => (recompute.modules.length === 1 ? single.get(recompute.modules[0]!) : undefined) ?? price(recompute),
  )
  const others = [plain, ...options]
  return options
    .filter((option, i) => !others.some((other, j) => j !== i + 1 && beats(other, option, j < i + 1)))
    .sort((x, y) => x.layerSeconds - y.layerSeconds)
}

type Modules = Extract<Recompute, { kind: 'modules' }>

/** The same objects for every cut, so that what is known of them is found by identity. */
const SUBSETS = new Map<string, readonly Modules[]>()

/** Non-empty, smaller ones first. Whole `moe` contains `moe_act` and the shared experts. */
function subsetsOf(modules: readonly RecomputeModule[]): readonly Modules[] {
  const key = modules.join()
  let known = SUBSETS.get(key)
  if (!known) {
    known = Array.from({ length: 2 ** modules.length - 1 }, (_, i) =>
      modules.filter((_module, bit) => ((i + 1) >> bit) % 2 === 1),
    )
      .filter(subset => !(subset.includes('moe') && (subset.includes('moe_act') || subset.includes('shared_experts'))))
      .sort((a, b) => a.length - b.length)
      .map(subset => ({ kind: 'modules', modules: subset }))
    SUBSETS.set(key, known)
  }
  return known
}

export function modulesOf(model: ModelSpec): readonly RecomputeModule[] {
  const has = (is: (shape: ModelSpec['shapes'][number]) => boolean): boolean => model.shapes.some(is)
  const modules: readonly (readonly [RecomputeModule, boolean])[] = [
    ['core_attn', has(({ mixer }) => mixer?.kind === 'attention' || mixer?.kind === 'latent')],
    ['layernorm', true],
    ['mlp', has(({ mlp }) => mlp?.kind === 'dense')],
    ['moe', has(({ mlp }) => mlp?.kind === 'experts')],
    ['moe_act', has(({ mlp }) => mlp?.kind === 'experts')],
    ['mla_up_proj', has(({ mixer }) => mixer?.kind === 'latent')],
    ['shared_experts', has(({ mlp }) => mlp?.kind === 'experts' && mlp.sharedFfn > 0)],
  ]
  return modules.filter(([, isThere]) => isThere).map(([module]) => module)
}

export function recomputeOption(
  recompute: Recompute,
  counts: readonly number[],
  cut: CutCosts,
  exchange?: Exchange,
): RecomputeOption {
  const costs = counts.map((_, shape) => cut.layer(shape, recompute, exchange))
  const layerSeconds = costs.reduce((sum, cost, shape) => sum + counts[shape]! * secondsOf(cost), 0)
  return { recompute, costs, layerSeconds }
}

export const secondsOf = (cost: LayerCost): number => cost.forwardSeconds + cost.backwardSeconds + cost.weightSeconds

/** No worse in anything, in every shape; equal ones are beaten by the earlier. What a layer works with falls when more is kept. */
function beats(a: RecomputeOption, b: RecomputeOption, isEarlier: boolean): boolean {
  if (a.recompute.kind === 'full') return false
  let isBetter = isEarlier
  for (let shape = 0; shape < a.costs.length; shape++) {
    const [x, y] = [a.costs[shape]!, b.costs[shape]!]
    if (
      x.forwardSeconds > y.forwardSeconds ||
      x.backwardSeconds > y.backwardSeconds ||
      x.weightSeconds > y.weightSeconds ||
      x.keptBytes > y.keptBytes
    )
      return false
    isBetter ||= secondsOf(x) < secondsOf(y) || x.keptBytes < y.keptBytes
  }
  return isBetter
}
