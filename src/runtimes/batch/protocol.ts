/** What coordinator and workers tell each other. A worker opens the connection, says who it is and what it still has, and asks by being idle. */
import type { Split } from '../../planner/batch/plan.ts'
import type { OutputFormat } from '../../spec/kinds.ts'
import type { TaskFailure } from './failure.ts'
import type { Extent } from './shuffle/segment-file.ts'
import type { ColumnType } from './table/column-type.ts'

export const HEARTBEAT_MS = 2_000
export const LEASE_MS = 10_000
export const MAX_ATTEMPTS = 4

export type Stage = 'map' | 'reduce'

export interface TaskId {
  readonly stage: Stage
  /** Split or partition. */
  readonly index: number
}

/** A finished map task's output, kept on its worker's disk. */
export interface MapOutput {
  readonly split: number
  /** Names of files begin with it; on the worker's machine. */
  readonly base: string
  /** Where the worker serves them. */
  readonly address: string
  readonly segments: readonly (readonly Extent[])[]
  readonly keyType?: ColumnType
  readonly valueType?: ColumnType
  readonly pairs: number
  readonly bytesRead: number
}

/** What one map output holds for one partition. */
export interface SegmentInput {
  readonly split: number
  readonly base: string
  readonly address: string
  readonly extents: readonly Extent[]
}

export interface MapTask {
  readonly stage: 'map'
  readonly index: number
  readonly attempt: number
  readonly split: Split
}

export interface ReduceTask {
  readonly stage: 'reduce'
  readonly index: number
  readonly attempt: number
  /** In the order of splits: sums of fractions come out equal in every run. */
  readonly inputs: readonly SegmentInput[]
  readonly keyType?: ColumnType
  readonly valueType?: ColumnType
  /** Name that nobody else uses, inside the hidden folder of the output. */
  readonly stagedPath: string
  readonly format: OutputFormat
}

export type Task = MapTask | ReduceTask

export interface ReduceOutput {
  readonly partition: number
  readonly stagedPath: string
  readonly rows: number
  readonly bytes: number
  readonly keyType?: ColumnType
  readonly valueType?: ColumnType
}

export type TaskResult =
  | { readonly stage: 'map'; readonly output: MapOutput }
  | { readonly stage: 'reduce'; readonly output: ReduceOutput }

export type FromWorker =
  | {
      readonly type: 'hello'
      readonly worker: string
      /** Identity of plan and code: outputs of another run mean nothing here. */
      readonly run: string
      readonly outputs: readonly MapOutput[]
      /** What it is still busy with, when the coordinator is new. */
      readonly busy?: TaskId
    }
  | { readonly type: 'alive'; readonly worker: string; readonly bytesDone: number }
  | { readonly type: 'done'; readonly result: TaskResult }
  | { readonly type: 'failed'; readonly task: TaskId; readonly failure: TaskFailure }

export type FromCoordinator =
  | { readonly type: 'task'; readonly task: Task }
  /** Nothing more to do, whether it went well or not: exit 0. */
  | { readonly type: 'stop' }
