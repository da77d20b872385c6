/** What rules ask of a model before anybody plans it: a few counts, from declared numbers or from the names that config.json has for them. */
import type { TrainingModel } from '../kinds.ts'

export interface ModelNumbers {
  readonly layers?: number
  readonly heads?: number
  readonly experts?: number
}

/** Hugging Face's names, newest first; what differs by family beyond these the planner finds. */
const NAMES = {
  layers: ['num_hidden_layers', 'n_layer'],
  heads: ['num_attention_heads', 'n_head'],
  experts: ['n_routed_experts', 'num_local_experts', 'num_experts'],
} as const

export function modelNumbers(model: TrainingModel | undefined): ModelNumbers {
  const config = model?.huggingface?.config
  if (!config) return model ?? {}
  const first = (names: readonly string[]): number | undefined =>
    names.map(name => config[name]).find(value => typeof value === 'number')
  const { layers, heads, experts } = NAMES
  return { layers: first(layers), heads: first(heads), experts: first(experts) } as ModelNumbers
}
