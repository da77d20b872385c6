/**
 * Models that torchtitan 0.2 has (`torchtitan/models/*\/__init__.py`): it knows a model by name and flavour only. A model is recognised by
 * its layers, width and experts.
 */
import type { ModelSpec } from '../../planner/model/model.ts'

interface Flavour {
  readonly name: string
  readonly flavour: string
  readonly layers: number
  readonly hidden: number
  readonly experts: number
  /** Its model has a function that cuts it into pipeline stages. */
  readonly pipelines: boolean
}

const FLAVOURS: readonly Flavour[] = [
  { name: 'llama3', flavour: '8B', layers: 32, hidden: 4096, experts: 0, pipelines: true },
  { name: 'llama3', flavour: '70B', layers: 80, hidden: 8192, experts: 0, pipelines: true },
  { name: 'llama3', flavour: '405B', layers: 126, hidden: 16_384, experts: 0, pipelines: true },
  { name: 'qwen3', flavour: '0.6B', layers: 28, hidden: 1024, experts: 0, pipelines: false },
  { name: 'qwen3', flavour: '1.7B', layers: 28, hidden: 2048, experts: 0, pipelines: false },
  { name: 'qwen3', flavour: '4B', layers: 36, hidden: 2560, experts: 0, pipelines: false },
  { name: 'qwen3', flavour: '8B', layers: 36, hidden: 4096, experts: 0, pipelines: false },
  { name: 'qwen3', flavour: '14B', layers: 40, hidden: 5120, experts: 0, pipelines: false },
  { name: 'qwen3', flavour: '32B', layers: 64, hidden: 5120, experts: 0, pipelines: false },
  { name: 'qwen3', flavour: '30B-A3B', layers: 48, hidden: 2048, experts: 128, pipelines: false },
  { name: 'qwen3', flavour: '235B-A22B', layers: 94, hidden: 4096, experts: 128, pipelines: false },
  { name: 'deepseek_v3', flavour: '16B', layers: 27, hidden: 2048, experts: 64, pipelines: true },
  { name: 'deepseek_v3', flavour: '236B', layers: 60, hidden: 5120, experts: 160, pipelines: true },
  { name: 'deepseek_v3', flavour: '671B', layers: 61, hidden: 7168, experts: 256, pipelines: true },
  { name: 'gpt_oss', flavour: '20b', layers: 24, hidden: 2880, experts: 32, pipelines: false },
  { name: 'gpt_oss', flavour: '120b', layers: 36, hidden: 2880, experts: 128, pipelines: false },
]

export interface TitanModel {
  readonly name: string
  readonly flavour: string
  readonly isKnown: boolean
  readonly pipelines: boolean
}

export function titanModel(model: ModelSpec): TitanModel {
  const experts = model.shapes.reduce((most, { mlp }) => Math.max(most, mlp?.kind === 'experts' ? mlp.experts : 0), 0)
  const known = FLAVOURS.find(
    each => each.layers === model.layers.length && each.hidden === model.hidden && each.experts === experts,
  )
  if (known) return { ...known, isKnown: true }
  const family = nearestFamily(model)
  return {
    name: family,
    flavour: model.name,
    isKnown: false,
    pipelines: family === 'llama3' || family === 'deepseek_v3',
  }
}

function nearestFamily({ shapes }: ModelSpec): string {
  if (shapes.some(({ mixer }) => mixer?.kind === 'latent')) return 'deepseek_v3'
  const normed = shapes.some(({ mixer }) => mixer?.kind === 'attention' && mixer.qkNorm)
  return normed || shapes.some(({ mlp }) => mlp?.kind === 'experts') ? 'qwen3' : 'llama3'
}
