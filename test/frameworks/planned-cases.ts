/** Plans to emit, of models that people know: for the golden files of src/compiler/frameworks and for the frameworks' own parsers. */
import { formatProblem } from '../../src/base/problem.ts'
import type { EmissionInput } from '../../src/compiler/frameworks/emission.ts'
import type { Framework } from '../../src/compiler/frameworks/emit.ts'
import file from '../../src/compiler/frameworks/testdata/plans.json' with { type: 'json' }
import { softwareOf } from '../../src/planner/cost/software/defaults.ts'
import type { Family } from '../../src/planner/cost/software.ts'
import { readHuggingFace } from '../../src/planner/model/hugging-face.ts'
import type { Layout, Workload } from '../../src/planner/training/layout.ts'

export interface PlanCase {
  readonly name: string
  readonly frameworks: readonly Framework[]
  readonly config: keyof typeof file.configs
  readonly devicesPerNode: number
  readonly layout: Layout
  readonly workload: Workload
}

export const planCases = file.plans as unknown as readonly PlanCase[]

const FAMILIES: Readonly<Partial<Record<Framework, Family>>> = {
  torchtitan: 'torchtitan',
  deepspeed: 'deepspeed',
  accelerate: 'fsdp',
  transformers: 'fsdp',
}

export function emissionOf(plan: PlanCase, framework: Framework, change: Partial<Layout> = {}): EmissionInput {
  const config = file.configs[plan.config]
  const model = readHuggingFace(config, plan.config)
  if (!model.ok) throw new Error(model.problems.map(formatProblem).join('\n'))
  const software = softwareOf(FAMILIES[framework] ?? 'megatron', 2026)
  return { ...plan, model: model.value, config, software, layout: { ...plan.layout, ...change } }
}
