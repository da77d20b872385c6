/** What is drawn is what was predicted. */
import { expect, test } from 'vitest'
import { emissionOf, planCases } from '../../../test/frameworks/planned-cases.ts'
import type { StepInput } from '../cost/prediction.ts'
import { softwareOf } from '../cost/software/defaults.ts'
import { predictStepTime } from '../cost/step/predict-step.ts'
import { presetFleet } from '../fleet/preset.ts'
import { stepTimeline, traceStep } from './step-timeline.ts'

function inputOf(name: string): StepInput {
  const { model, layout, workload } = emissionOf(planCases.find(plan => plan.name === name)!, 'megatron')
  const fleet = presetFleet(`h100x${layout.data * layout.context * layout.tensor * layout.pipeline}`)
  if (!fleet) throw new Error('no such preset')
  return { model, layout, workload, fleet, software: softwareOf('megatron', 2026) }
}

test.each(['fsdp-8b', 'pipeline-405b', 'fp8-70b', 'experts-mixtral', 'zbv-8b'])(
  'the timeline of %s ends when the step does',
  name => {
    const input = inputOf(name)
    const { simulation, tails } = stepTimeline(input)
    const end = simulation.makespan + tails.reduce((sum, { seconds }) => sum + seconds, 0)
    const { seconds } = predictStepTime(input)
    expect(Math.abs(end - seconds)).toBeLessThanOrEqual(0.01 * seconds)
  },
)

test('a trace has a bar for each action and for what follows the last', () => {
  const input = inputOf('fp8-70b')
  const bars = traceStep(input).traceEvents.filter(({ ph }) => ph === 'X')
  const microBatches = input.workload.globalBatch / input.layout.data
  expect(bars.filter(({ cat }) => cat === 'forward')).toHaveLength(microBatches * input.layout.pipeline)
  expect(bars.some(({ name }) => name === 'optimizer')).toBe(true)
})
