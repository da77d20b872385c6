/** A user's factor reaches every time of an analysis, and nothing else. */
import { expect, test } from 'vitest'
import { mixtralAnalysis } from '../../cli/plan-page/testdata/mixtral-analysis.ts'
import { withFactor } from './apply-factor.ts'

test('times are longer, rates lower, memory and layouts the same', () => {
  const scaled = withFactor(mixtralAnalysis, { factor: 1.1, steps: 3, spread: 0.05 })
  const { best, breakdown, goodput, plan, replan } = scaled
  expect(best.stepSeconds).toBeCloseTo(4.31 * 1.1)
  expect(best.tokensPerSecond).toBeCloseTo(973_000 / 1.1)
  expect(best.dollarsPerMillionTokens).toBeCloseTo(0.0605)
  expect(best.memoryBytes).toBe(mixtralAnalysis.best.memoryBytes)
  expect(best.layout).toEqual(mixtralAnalysis.best.layout)
  expect(breakdown.reduce((sum, { seconds }) => sum + seconds, 0)).toBeCloseTo(4.31 * 1.1)
  expect(plan.expected).toMatchObject({ stepSeconds: best.stepSeconds, band80: best.band80 })
  expect(replan[0]!.candidate!.stepSeconds).toBeCloseTo(5.2 * 1.1)
  expect(goodput).toMatchObject({ checkpointIntervalSeconds: 6740, checkpointIntervalSteps: 1422 })
})
