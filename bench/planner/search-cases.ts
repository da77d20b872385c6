/** Models and fleets of the speed bars. */
import type { Family } from '../../src/planner/cost/software.ts'
import { publishedConfig } from '../../src/planner/model/published-models.ts'

export interface SearchCase {
  readonly name: string
  readonly config: Readonly<Record<string, unknown>>
  readonly fleet: string
  readonly sequence: number
  readonly globalBatch: number
  readonly family: Family
}

export const CASES: readonly SearchCase[] = [
  {
    name: 'llama-8b',
    config: publishedConfig('llama-3.1-8b'),
    fleet: 'h100x64',
    sequence: 8192,
    globalBatch: 512,
    family: 'torchtitan',
  },
  {
    name: 'mixtral',
    config: publishedConfig('mixtral-8x7b'),
    fleet: 'h100x64',
    sequence: 4096,
    globalBatch: 1024,
    family: 'megatron',
  },
  {
    name: 'llama-405b',
    config: publishedConfig('llama-3.1-405b'),
    fleet: 'h100x16384',
    sequence: 8192,
    globalBatch: 2048,
    family: 'megatron',
  },
  {
    name: 'deepseek-v3',
    config: publishedConfig('deepseek-v3'),
    fleet: 'h100x2048',
    sequence: 4096,
    globalBatch: 15360,
    family: 'megatron',
  },
]
