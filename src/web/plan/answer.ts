/** What the worker answers: the planner's own data, the step of the plan as bars on its ranks, or what is wrong with the question. */
import type { Problem } from '../../base/problem.ts'
import type { TrainingAnalysis } from '../../planner/explain/training/analysis.ts'
import type { Question } from './question.ts'

export interface Request {
  readonly id: number
  readonly question: Question
}

export interface Planned {
  readonly kind: 'planned'
  readonly analysis: TrainingAnalysis
  readonly timeline: Timeline
  /** What the plan and its front took. */
  readonly frontMilliseconds: number
  /** With everything else that is told. */
  readonly milliseconds: number
  readonly declaration: string
}

export type Answer =
  | Planned
  | { readonly kind: 'problems'; readonly problems: readonly Problem[] }
  /** A fault of ours. */
  | { readonly kind: 'failed'; readonly message: string }

export type Reply = Answer & Pick<Request, 'id'>

/** One step of the pipeline: what each rank does when. Parallel arrays, one entry an action. */
export interface Timeline {
  readonly ranks: number
  readonly seconds: number
  readonly rank: Uint16Array
  readonly start: Float64Array
  readonly end: Float64Array
  /** Index into `ACTIONS`. */
  readonly action: Uint8Array
  readonly stage: Uint16Array
  readonly microBatch: Uint16Array
}

export const ACTIONS = ['forward', 'backward', 'input gradient', 'weight gradient'] as const
