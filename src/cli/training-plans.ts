/**
 * Training jobs with everything there is to say about their plans: analysed here for `plan`, with the user's own measurements in it, and
 * again with some of the declaration changed.
 */
import type { Result } from '../base/problem.ts'
import { withFactor } from '../planner/explain/apply-factor.ts'
import { type MeasuredStep, measuredFactor } from '../planner/explain/measured-factor.ts'
import { analyseTraining } from '../planner/explain/training/analyse-training.ts'
import type { TrainingAnalysis } from '../planner/explain/training/analysis.ts'
import type { FleetSources } from '../planner/fleet/resolve-fleet.ts'
import { checkDeclaration } from '../spec/check/check-declaration.ts'
import { declarationInfo } from '../spec/schema/kinds-table.ts'
import type { TrainingJob } from '../spec/training-job.ts'
import { exitWithProblems } from './exit.ts'
import { type MeasuredRow, ownerOf, storedFactor, storeFactor } from './measured-steps.ts'
import { placed } from './placed.ts'
import { changedJob } from './plan-changes.ts'
import type { ModelItem } from './planned.ts'

export interface AnalysedJob {
  readonly job: TrainingJob
  readonly predicted: TrainingAnalysis
  /** With the user's factor, where there is one. */
  readonly analysis: TrainingAnalysis
  readonly factor: ReturnType<typeof storedFactor>
}

/** Problems are at their places in the file. */
export function analysedJob(item: ModelItem, sources: FleetSources, folder: string): AnalysedJob {
  const job = item.declaration
  const predicted = must(item, analyseTraining(job, sources))
  const factor = storedFactor(folder, ownerOf(predicted))
  return { job, predicted, factor, analysis: factor ? withFactor(predicted, factor) : predicted }
}

/** The same job with some of it changed; its fleet from here on is inline. */
export function changedAnalysis(
  item: ModelItem,
  before: AnalysedJob,
  changes: string,
  sources: FleetSources,
): TrainingAnalysis {
  const changed = must(item, changedJob(before.job, before.predicted.fleet, changes))
  return analysisOf(item, changed, sources, before)
}

function analysisOf(
  item: ModelItem,
  job: TrainingJob,
  sources: FleetSources,
  { factor }: Pick<AnalysedJob, 'factor'>,
): TrainingAnalysis {
  const broken = checkDeclaration(declarationInfo('TrainingJob')!, job)
  if (broken.length > 0) throw exitWithProblems(broken)
  const predicted = must(item, analyseTraining(job, sources))
  return factor ? withFactor(predicted, factor) : predicted
}

export function forget({ job, predicted }: AnalysedJob, folder: string): AnalysedJob {
  storeFactor(folder, ownerOf(predicted), undefined)
  return { job, predicted, factor: undefined, analysis: predicted }
}

/** Each measured row is predicted under the layout that it was measured with; the factor is kept for later. */
export function learnFrom(
  rows: readonly MeasuredRow[],
  item: ModelItem,
  { job, predicted }: AnalysedJob,
  sources: FleetSources,
  folder: string,
): AnalysedJob {
  const measured = rows.map(
    (row): MeasuredStep => ({
      measuredSeconds: row.stepSeconds,
      predictedSeconds: predictionOf(row, item, job, predicted, sources).best.stepSeconds,
    }),
  )
  const factor = { ...measuredFactor(measured, predicted.best.band80!)!, measured }
  storeFactor(folder, ownerOf(predicted), factor)
  return { job, predicted, factor, analysis: withFactor(predicted, factor) }
}

function predictionOf(
  row: MeasuredRow,
  item: ModelItem,
  job: TrainingJob,
  predicted: TrainingAnalysis,
  sources: FleetSources,
): TrainingAnalysis {
  const isAsPlanned = row.parallelism === undefined && Object.keys(row.spec ?? {}).length === 0
  if (isAsPlanned) return predicted
  const spec = { ...job.spec, ...row.spec, parallelism: { ...job.spec.parallelism, ...row.parallelism } }
  return analysisOf(item, { ...job, spec }, sources, { factor: undefined })
}

function must<T>(item: ModelItem, result: Result<T>): T {
  if (result.ok) return result.value
  throw exitWithProblems(result.problems.map(each => placed(item, each)))
}
