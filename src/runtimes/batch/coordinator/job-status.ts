/** The job's state as the BatchJob's status: what `solvent get` and the controller read. Pure. */
import { formatTime, type Instant } from '../../../base/clock.ts'
import type { BatchJobStatus, StageProgress } from '../../../spec/kinds.ts'
import type { Stage } from '../protocol.ts'
import type { JobState } from './job-state.ts'
import type { OutputSummary } from './output-folder.ts'
import type { TaskRecord } from './task-record.ts'

/** When each stage began and ended, wall time. */
export type StageTimes = Readonly<Record<Stage, { readonly start?: Instant; readonly end?: Instant }>>

export function statusOf(state: JobState, times: StageTimes, output: OutputSummary | undefined): BatchJobStatus {
  const { failure } = state
  const shuffled = state.outputs.reduce((sum, each) => sum + bytesOf(each?.segments ?? []), 0)
  const stages = [stageOf('map', state.maps, state, times), stageOf('reduce', state.reduces, state, times, shuffled)]
  return {
    phase: failure ? 'Failed' : output ? 'Succeeded' : 'Running',
    stages,
    pendingTasks: state.pendingTasks,
    ...(failure?.reason === 'UserError'
      ? { failure: { message: failure.message, place: failure.place, record: failure.record } }
      : {}),
    ...(output ? { output } : {}),
  }
}

const bytesOf = (segments: readonly (readonly (readonly [string, number, number])[])[]): number =>
  segments.reduce((sum, extents) => sum + extents.reduce((each, [, , length]) => each + length, 0), 0)

function stageOf(
  name: Stage,
  tasks: readonly TaskRecord[],
  { retried }: JobState,
  times: StageTimes,
  shuffled = 0,
): StageProgress {
  const done = tasks.filter(task => task.done)
  const running = tasks.filter(task => !task.done && task.running.size > 0)
  const share = tasks.length === 0 ? 0 : shuffled / tasks.length
  const size = (task: TaskRecord): number => (name === 'map' ? task.bytes : share)
  const { start, end } = times[name]
  return {
    name,
    tasks: tasks.length,
    running: running.length,
    done: done.length,
    retried: retried[name],
    bytes: Math.round(tasks.reduce((sum, task) => sum + size(task), 0)),
    bytesDone: Math.round(
      done.reduce((sum, task) => sum + size(task), 0) +
        running.reduce((sum, task) => sum + Math.min(size(task), furthest(task)), 0),
    ),
    ...(start !== undefined ? { startTime: formatTime(start) } : {}),
    ...(end !== undefined ? { completionTime: formatTime(end) } : {}),
  }
}

const furthest = (task: TaskRecord): number => Math.max(0, ...[...task.running.values()].map(each => each.bytesDone))
