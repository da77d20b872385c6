/**
 * An analysis with a user's own factor in it: all predicted times longer or shorter, the band as narrow as the measurements allow. One factor
 * for all layouts, so which one is best stays; sentences keep the differences of the prediction.
 */
import type { TrainingPlan } from '../training/plan.ts'
import { bandOf, type MeasuredFactor } from './measured-factor.ts'
import type { Candidate, TrainingAnalysis } from './training/analysis.ts'

export function withFactor(analysis: TrainingAnalysis, measured: MeasuredFactor): TrainingAnalysis {
  const { factor } = measured
  const scaled = <C extends Candidate>(candidate: C): C => {
    const stepSeconds = candidate.stepSeconds * factor
    const { dollarsPerMillionTokens } = candidate
    return {
      ...candidate,
      stepSeconds,
      band80: bandOf(stepSeconds, measured),
      tokensPerSecond: candidate.tokensPerSecond / factor,
      ...(dollarsPerMillionTokens === undefined ? {} : { dollarsPerMillionTokens: dollarsPerMillionTokens * factor }),
    }
  }
  const perhaps = <R extends { readonly candidate?: Candidate }>(row: R): R =>
    row.candidate ? { ...row, candidate: scaled(row.candidate) } : row
  const longer = <R extends { readonly seconds: number }>(row: R): R => ({ ...row, seconds: row.seconds * factor })
  return {
    ...analysis,
    plan: withExpected(analysis.plan, measured),
    best: scaled(analysis.best),
    breakdown: analysis.breakdown.map(longer),
    byAxis: analysis.byAxis.map(longer),
    alternatives: analysis.alternatives.map(scaled),
    pareto: analysis.pareto.map(scaled),
    cloud: analysis.cloud.map(point => ({ ...point, stepSeconds: point.stepSeconds * factor })),
    counterfactuals: analysis.counterfactuals.map(perhaps),
    replan: analysis.replan.map(perhaps),
    goodput: withLongerTraining(analysis.goodput, factor),
  }
}

function withExpected(plan: TrainingPlan, measured: MeasuredFactor): TrainingPlan {
  const { expected } = plan
  if (!expected) return plan
  const stepSeconds = expected.stepSeconds * measured.factor
  return {
    ...plan,
    expected: {
      ...expected,
      stepSeconds,
      band80: bandOf(stepSeconds, measured),
      tokensPerSecond: expected.tokensPerSecond / measured.factor,
      modelFlopsUtilisation: expected.modelFlopsUtilisation / measured.factor,
    },
  }
}

/** The time between checkpoints follows from failures, not from the step; only how many steps it holds changes. */
function withLongerTraining(goodput: TrainingAnalysis['goodput'], factor: number): TrainingAnalysis['goodput'] {
  const { checkpointIntervalSteps, trainingSeconds, trainingDollars } = goodput
  return {
    ...goodput,
    checkpointIntervalSteps: Math.max(1, Math.round(checkpointIntervalSteps / factor)),
    ...(trainingSeconds === undefined ? {} : { trainingSeconds: trainingSeconds * factor }),
    ...(trainingDollars === undefined ? {} : { trainingDollars: trainingDollars * factor }),
  }
}
