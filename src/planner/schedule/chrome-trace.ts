/**
 * A step as Chrome's trace events (chrome://tracing, ui.perfetto.dev): a process a pipeline rank, its actions as bars, an arrow for each
 * result that another rank waits for, and a counter of the micro-batches that it holds.
 */
import { ACTION_KINDS, FORWARD, INPUT, type Schedule } from './action.ts'
import type { Simulation } from './simulate.ts'

export interface TraceEvent {
  readonly name: string
  readonly ph: 'X' | 'M' | 's' | 'f' | 'C'
  readonly pid: number
  readonly tid?: number
  /** Microseconds. */
  readonly ts?: number
  readonly dur?: number
  readonly cat?: string
  readonly id?: number
  readonly bp?: 'e'
  readonly cname?: string
  readonly args?: Readonly<Record<string, string | number>>
}

export interface ChromeTrace {
  readonly displayTimeUnit: 'ms'
  readonly traceEvents: readonly TraceEvent[]
}

/** What all ranks do after the last action, in order: the exposed part of the data-parallel reduction, the optimizer. */
export interface Tail {
  readonly name: string
  readonly seconds: number
}

const LABELS = ['forward', 'backward', 'backward, input', 'backward, weight']
const COLOURS = ['thread_state_running', 'rail_response', 'rail_animation', 'thread_state_iowait']
const micros = (seconds: number): number => Math.round(seconds * 1e9) / 1e3

/** The simulation's times are seconds. */
export function toChromeTrace(schedule: Schedule, simulation: Simulation, tails: readonly Tail[] = []): ChromeTrace {
  const ranks = Array.from({ length: schedule.pipeline }, (_, rank) => rank)
  return {
    displayTimeUnit: 'ms',
    traceEvents: ranks.flatMap(rank => [
      ...namesOf(schedule, rank),
      ...barsOf(schedule, simulation, rank),
      ...tailsOf(simulation.makespan, tails, rank),
    ]),
  }
}

function namesOf({ name, rankOfStage, depth }: Schedule, rank: number): TraceEvent[] {
  const stages = [...rankOfStage.keys()].filter(stage => rankOfStage[stage] === rank).map(stage => stage % depth)
  const label = `pipeline rank ${rank}: ${stages.length === 1 ? 'stage' : 'stages'} ${stages.join(' and ')}`
  return [
    { name: 'process_name', ph: 'M', pid: rank, args: { name: label } },
    { name: 'process_sort_index', ph: 'M', pid: rank, args: { sort_index: rank } },
    { name: 'thread_name', ph: 'M', pid: rank, tid: 0, args: { name } },
  ]
}

function barsOf(schedule: Schedule, { start, end }: Simulation, rank: number): TraceEvent[] {
  const { firstOfRank, kind, stage, microBatch, isPaired, waitsFor, depth, rankOfStage } = schedule
  const events: TraceEvent[] = []
  let held = 0
  for (let i = firstOfRank[rank]!; i < firstOfRank[rank + 1]!; i++) {
    const isSecond = i > 0 && isPaired[i - 1] === 1 && i > firstOfRank[rank]!
    // Of a pair the second bar lies on a track of its own: the two run at the same time.
    const tid = isSecond ? 1 : 0
    const args = { stage: stage[i]! % depth, microBatch: microBatch[i]! }
    const name = `${ACTION_KINDS[kind[i]!]}${microBatch[i]}`
    const [ts, until] = [micros(start[i]!), micros(end[i]!)]
    events.push({
      name,
      ph: 'X',
      pid: rank,
      tid,
      ts,
      dur: until - ts,
      cat: LABELS[kind[i]!]!,
      cname: COLOURS[kind[i]!]!,
      args,
    })
    const needed = waitsFor[i]!
    if (needed >= 0) {
      const arrow = { name: 'send', cat: 'pipeline', id: i }
      events.push({ ...arrow, ph: 's', pid: rankOfStage[stage[needed]!]!, tid: 0, ts: micros(end[needed]!) })
      events.push({ ...arrow, ph: 'f', bp: 'e', pid: rank, tid, ts })
    }
    const change = changeOf(kind[i]!)
    if (change === 0) continue
    held += change
    events.push({ name: 'held micro-batches', ph: 'C', pid: rank, ts: change > 0 ? ts : until, args: { held } })
  }
  return events
}

/** A forward keeps its activations until the backward, or its weight part, ends. */
function changeOf(kind: number): number {
  if (kind === FORWARD) return 1
  return kind === INPUT ? 0 : -1
}

function tailsOf(from: number, tails: readonly Tail[], rank: number): TraceEvent[] {
  let at = from
  return tails.map(({ name, seconds }) => {
    const event: TraceEvent = { name, ph: 'X', pid: rank, tid: 0, ts: micros(at), dur: micros(seconds), cat: 'step' }
    at += seconds
    return event
  })
}
