/** How fast a stage goes and how long it will take, from what was seen of it. Pure: the caller says when it saw what. */
import type { StageProgress } from '../../spec/kinds.ts'

/** A stage at the moment when it was first seen at work. */
export interface Start {
  readonly atMs: number
  readonly bytes: number
  readonly done: number
}

export type Starts = Readonly<Record<string, Start>>

/** Remembers where stages began. A status has only whole seconds, too coarse for a job of three. */
export function seen(starts: Starts, stages: readonly StageProgress[], nowMs: number): Starts {
  const fresh = stages.filter(({ name, running, done }) => !starts[name] && (running > 0 || done > 0))
  if (fresh.length === 0) return starts
  return {
    ...starts,
    ...Object.fromEntries(fresh.map(each => [each.name, { atMs: nowMs, bytes: each.bytesDone, done: each.done }])),
  }
}

export interface Pace {
  readonly bytesPerSecond?: number
  readonly secondsLeft?: number
}

/** Too early to tell before this: the first tasks' times say little. */
const FIRST_SECONDS = 0.5

export function paceOf(stage: StageProgress, start: Start | undefined, nowMs: number): Pace {
  if (!start) return {}
  const seconds = (nowMs - start.atMs) / 1000
  if (seconds < FIRST_SECONDS) return {}
  const bytesPerSecond = (stage.bytesDone - start.bytes) / seconds
  const [did, toDo] =
    stage.bytes > 0
      ? [stage.bytesDone - start.bytes, stage.bytes - stage.bytesDone]
      : [stage.done - start.done, stage.tasks - stage.done]
  return {
    ...(bytesPerSecond > 0 ? { bytesPerSecond } : {}),
    ...(did > 0 ? { secondsLeft: (toDo / did) * seconds } : {}),
  }
}
