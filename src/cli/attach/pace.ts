/** How fast a stage goes and how long it will take, from what was seen of it. Pure: the caller says when it saw what. */
import type { StageProgress } from '../../spec/kinds.ts'

/** A stage at the moment when it was first seen at work. */
export interface Start {
  readonly atMs: number
  readonly bytes: number
  readonly done: number
  /** When it was first seen finished: from then on its pace stands. */
  readonly endMs?: number
}

export type Starts = Readonly<Record<string, Start>>

/** Remembers when stages began and ended. A status has only whole seconds, too coarse for a job of three. */
export function seen(starts: Starts, stages: readonly StageProgress[], nowMs: number): Starts {
  const news = stages.flatMap((stage): readonly [string, Start][] => {
    const known = starts[stage.name]
    const atWork = stage.running > 0 || stage.done > 0
    if (!known && !atWork) return []
    const start = known ?? { atMs: nowMs, bytes: stage.bytesDone, done: stage.done }
    const ends = start.endMs === undefined && stage.tasks > 0 && stage.done === stage.tasks
    return ends ? [[stage.name, { ...start, endMs: nowMs }]] : known ? [] : [[stage.name, start]]
  })
  return news.length === 0 ? starts : { ...starts, ...Object.fromEntries(news) }
}

export interface Pace {
  readonly bytesPerSecond?: number
  readonly secondsLeft?: number
}

/** Too early to tell before this: the first tasks' times say little. */
const FIRST_SECONDS = 0.5

export function paceOf(stage: StageProgress, start: Start | undefined, nowMs: number): Pace {
  if (!start) return {}
  const seconds = ((start.endMs ?? nowMs) - start.atMs) / 1000
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
