/** What the search chooses for a framework, the framework's configuration can say. */
import { expect, test } from 'vitest'
import { emissionOf, planCases } from '../../../test/frameworks/planned-cases.ts'
import { formatProblem } from '../../base/problem.ts'
import { softwareOf } from '../../planner/cost/software/defaults.ts'
import type { Family } from '../../planner/cost/software.ts'
import { presetFleet } from '../../planner/fleet/preset.ts'
import { abilitiesOf } from '../../planner/search/abilities.ts'
import { Search } from '../../planner/search/search.ts'
import { stepCosts } from '../../planner/search/step-costs.ts'
import { emit, type Framework } from './emit.ts'

const cases = (['llama-3-8b', 'mixtral-8x7b'] as const).flatMap(config =>
  (
    [
      ['megatron', 'megatron'],
      ['torchtitan', 'torchtitan'],
      ['deepspeed', 'deepspeed'],
      ['fsdp', 'accelerate'],
    ] as const
  ).flatMap(([family, framework]) => [4096].map(sequence => ({ config, family, framework, sequence }))),
)

test.each<{ config: string; family: Family; framework: Framework; sequence: number }>(cases)(
  '$config with sequences of $sequence for $framework',
  ({ config, family, framework, sequence }) => {
    const plan = planCases.find(each => each.config === config)!
    const { model } = emissionOf(plan, framework)
    const workload = {
      ...plan.workload,
      sequence,
      globalBatch: 128,
      precision: { gemm: 'bf16', base: 'bf16', gradientBytes: 4 } as const,
      optimizer: { name: 'adam', stateBytes: 12 },
    }
    const given = { model, fleet: presetFleet('h100x16'), workload, software: softwareOf(family, 2026) }
    // As the command line asks for torchtitan.
    const fixed = family === 'torchtitan' ? { zero: 3 as const } : {}
    const { found } = new Search({
      ...given,
      costs: stepCosts(given),
      abilities: abilitiesOf(family),
      fixed,
    }).best()
    // FSDP knows no expert axis; the search may still propose one.
    if (!found || (family === 'fsdp' && found.layout.expert > 1)) return
    const emitted = emit(framework, {
      name: config,
      model,
      layout: found.layout,
      workload,
      software: given.software,
      devicesPerNode: 8,
    })
    expect(emitted.ok ? [] : [JSON.stringify(found.layout), ...emitted.problems.map(formatProblem)]).toEqual([])
  },
)
