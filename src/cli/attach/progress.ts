/** What `run` shows of a job under way, as lines of text: bars on a terminal, sentences in a log. */
import { formatAge, formatBytes, plural } from '../../base/units.ts'
import type { BatchJob, StageProgress } from '../../spec/kinds.ts'
import type { Style } from '../terminal.ts'
import { type Pace, paceOf, type Starts } from './pace.ts'

const BAR = 20

/** One line a stage: `map     ████████████░░░░  37/100   142 MiB/s   2 s left`. */
export function stageLines(
  stages: readonly StageProgress[],
  starts: Starts,
  nowMs: number,
  columns: number,
  style: Style,
): readonly string[] {
  const wide = columns >= 56 + BAR
  return stages.map(stage => {
    const share = stage.tasks === 0 ? 0 : doneShare(stage)
    const full = Math.round(share * BAR)
    const bar = wide ? `${style.green('█'.repeat(full))}${style.dim('░'.repeat(BAR - full))}  ` : ''
    const facts = stageFacts(stage, paceOf(stage, starts[stage.name], nowMs))
    return `  ${stage.name.padEnd(8)}${bar}${facts.join('  ')}`
  })
}

/** By bytes, which move more smoothly than tasks, where they are known. */
const doneShare = ({ bytes, bytesDone, tasks, done }: StageProgress): number =>
  Math.min(1, done === tasks ? 1 : bytes > 0 ? bytesDone / bytes : done / tasks)

function stageFacts(stage: StageProgress, { bytesPerSecond, secondsLeft }: Pace): readonly string[] {
  const { tasks, done, running, retried } = stage
  const tasksText = `${String(done).padStart(String(tasks).length)}/${tasks}`
  const finished = tasks > 0 && done === tasks
  return [
    tasksText,
    ...(bytesPerSecond ? [`${formatBytes(bytesPerSecond)}/s`] : []),
    ...(finished ? ['done'] : running === 0 && done === 0 ? ['waiting'] : []),
    ...(!finished && secondsLeft !== undefined ? [`${leftText(secondsLeft)} left`] : []),
    ...(retried > 0 ? [`${plural(retried, 'attempt')} again`] : []),
  ]
}

const leftText = (seconds: number): string =>
  seconds < 1 ? '1s' : formatAge(seconds < 60 ? Math.ceil(seconds) : seconds)

/** The same in one line without colour: `wordcount: map 37/100 tasks, 142 MiB/s, 2s left; reduce waiting`. */
export function progressSentence(
  name: string,
  stages: readonly StageProgress[],
  starts: Starts,
  nowMs: number,
): string {
  const parts = stages.map(stage => {
    const { bytesPerSecond, secondsLeft } = paceOf(stage, starts[stage.name], nowMs)
    if (stage.tasks > 0 && stage.done === stage.tasks) return `${stage.name} done`
    if (stage.done === 0 && stage.running === 0) return `${stage.name} waiting`
    return [
      `${stage.name} ${stage.done}/${stage.tasks} tasks`,
      ...(bytesPerSecond ? [`${formatBytes(bytesPerSecond)}/s`] : []),
      ...(secondsLeft === undefined ? [] : [`${leftText(secondsLeft)} left`]),
    ].join(', ')
  })
  return `${name}: ${parts.join('; ')}`
}

/** Where a batch job stands in a word, for the line above its stages. */
export function batchHeadline({ metadata, status }: BatchJob, seconds: number, style: Style): string {
  const phase = status?.phase ?? 'Pending'
  return `${style.bold(metadata.name ?? '')}  ${phase.toLowerCase()} ${style.dim(formatAge(seconds))}`
}
