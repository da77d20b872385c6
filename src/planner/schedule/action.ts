/**
 * A pipeline schedule is a table: for each pipeline rank the actions that it runs, in order, without times. The same table is simulated
 * (`simulate.ts`), drawn (`chrome-trace.ts`) and executed by the training runtime (`torch-table.ts`).
 * Legend: p pipeline ranks, v chunks a rank holds, m micro-batches of a step.
 */
import type { ScheduleName } from '../training/layout.ts'

/** F forward; B the whole backward; I its input part (what the stage before waits for); W its weight part (nobody waits for it). */
export type ActionKind = 'F' | 'B' | 'I' | 'W'
/** By code: `Schedule.kind` holds indexes into this. */
export const ACTION_KINDS: readonly ActionKind[] = ['F', 'B', 'I', 'W']
export const FORWARD = 0
export const BACKWARD = 1
export const INPUT = 2
export const WEIGHT = 3

export interface Action {
  readonly kind: ActionKind
  readonly stage: number
  readonly microBatch: number
}

/** What a rank does next: one action, or a forward and a backward whose kernels are interleaved (DualPipe). */
export type Step = Action | readonly [Action, Action]

export interface ScheduleShape {
  readonly pipeline: number
  /** Stages that a rank holds: 1, more if interleaved, 2 in V shapes. DualPipe holds each of its two stages for one direction: 1. */
  readonly chunks: number
  readonly microBatches: number
  /** Interleaved: micro-batches of one chunk in a row, Megatron's `microbatch_group_size_per_vp_stage`; `pipeline` unless given. */
  readonly groupSize?: number
}

/** Struct of arrays: index i is the i-th action of the table; the actions of rank r are at [firstOfRank[r], firstOfRank[r + 1]). */
export interface Schedule extends ScheduleShape {
  readonly name: ScheduleName
  /** Stages that one micro-batch passes: p v. */
  readonly depth: number
  /**
   * `depth`, but 2 `depth` with DualPipe, whose second half of micro-batches enters at the last rank: their stages are numbered
   * from `depth` on. A stage's place in the model is `stage % depth`.
   */
  readonly numStages: number
  readonly rankOfStage: Int32Array
  readonly firstOfRank: Int32Array
  readonly kind: Uint8Array
  readonly stage: Int32Array
  readonly microBatch: Int32Array
  /** 1: this action and the next one run as one. */
  readonly isPaired: Uint8Array
  /** The action of another rank whose result this one needs, or -1. */
  readonly waitsFor: Int32Array
  /** Every action after all that it waits for (of a pair only the first): one pass over it is a simulation. */
  readonly order: Int32Array
}

export function actionAt(schedule: Schedule, i: number): Action {
  return { kind: ACTION_KINDS[schedule.kind[i]!]!, stage: schedule.stage[i]!, microBatch: schedule.microBatch[i]! }
}

/** The table of one rank as values, for people and writers of files. */
export function stepsOf(schedule: Schedule, rank: number): Step[] {
  const steps: Step[] = []
  const end = schedule.firstOfRank[rank + 1]!
  for (let i = schedule.firstOfRank[rank]!; i < end; i++) {
    if (schedule.isPaired[i]) steps.push([actionAt(schedule, i), actionAt(schedule, ++i)])
    else steps.push(actionAt(schedule, i))
  }
  return steps
}

/** Whether the micro-batch passes the stage: all do, but in DualPipe the second half of them goes the other way. */
export function passes(
  schedule: Pick<Schedule, 'depth' | 'numStages' | 'microBatches'>,
  stage: number,
  microBatch: number,
): boolean {
  return schedule.numStages === schedule.depth || stage >= schedule.depth === microBatch >= schedule.microBatches / 2
}
