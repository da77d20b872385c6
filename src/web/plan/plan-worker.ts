/** The planner beside the page: a question in, an answer out. Its messages are plain data, copied by the browser. */
import { fail, ok, type Result } from '../../base/problem.ts'
import { stepTimeline } from '../../planner/explain/step-timeline.ts'
import { analyseTraining } from '../../planner/explain/training/analyse-training.ts'
import type { TrainingAnalysis } from '../../planner/explain/training/analysis.ts'
import { parseSpec } from '../../spec/parse/parse-spec.ts'
import type { TrainingJob } from '../../spec/training-job.ts'
import type { Answer, Request, Timeline } from './answer.ts'
import { declarationOf } from './declaration.ts'
import type { Question } from './question.ts'

addEventListener('message', ({ data: { id, question } }: MessageEvent<Request>) => {
  postMessage({ id, ...answerTo(question) })
})

function answerTo(question: Question): Answer {
  const declaration = declarationOf(question)
  const started = performance.now()
  let frontMilliseconds = 0
  const analysis = analysed(declaration, () => {
    frontMilliseconds = performance.now() - started
  })
  if (!analysis.ok) return { kind: 'problems', problems: analysis.problems }
  const milliseconds = performance.now() - started
  const timeline = timelineOf(analysis.value)
  return { kind: 'planned', analysis: analysis.value, timeline, frontMilliseconds, milliseconds, declaration }
}

function analysed(declaration: string, atFront: () => void): Result<TrainingAnalysis> {
  const parsed = parseSpec(declaration, { file: 'job.yaml' })
  if (!parsed.ok) return parsed
  const [document] = parsed.value
  if (document?.kind !== 'declaration') return fail({ field: '', what: 'Nothing is declared here' })
  const result = analyseTraining(document.declaration as TrainingJob, {}, atFront)
  if (result.ok) return ok(result.value)
  return fail(...result.problems.map(problem => ({ place: document.locate(problem.field), ...problem })))
}

function timelineOf({ best, model, fleet, workload, software }: TrainingAnalysis): Timeline {
  const { layout } = best
  const { schedule, simulation } = stepTimeline({ model, fleet, workload, software, layout })
  return {
    ranks: schedule.pipeline,
    seconds: simulation.makespan,
    rank: Uint16Array.from(schedule.stage, each => schedule.rankOfStage[each]!),
    start: simulation.start,
    end: simulation.end,
    action: schedule.kind,
    // DualPipe numbers the stages of its second direction from `depth` on.
    stage: Uint16Array.from(schedule.stage, each => each % schedule.depth),
    microBatch: Uint16Array.from(schedule.microBatch),
  }
}
