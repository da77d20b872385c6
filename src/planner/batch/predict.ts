/**
 * How long a plan takes on a number of slots: list scheduling (Graham, 1969) of its tasks with given rates. A model for comparing plans
 * and for telling how far a job scales, not a promise: it knows no skew of keys and no contention for the disk.
 */
import type { BatchPlan } from './plan.ts'
import { splitsOf } from './splits.ts'

/** Measured on the machine in question. */
export interface BatchRates {
  /** Of one worker, reading, mapping and combining. */
  readonly mapBytesPerSecond: number
  /** Of one worker, merging, reducing and writing; bytes of shuffled data. */
  readonly reduceBytesPerSecond: number
  /** Bytes shuffled for each byte of input. */
  readonly shuffleRatio: number
  /** Handing out a task and committing its output. */
  readonly taskSeconds: number
  /** From the declaration to the first task, once. */
  readonly startSeconds: number
}

export interface BatchPrediction {
  readonly slots: number
  readonly mapSeconds: number
  readonly reduceSeconds: number
  readonly seconds: number
  /** Share of the slots' time in which a task runs, from 0 to 1. */
  readonly utilisation: number
}

export function predictBatch(plan: BatchPlan, rates: BatchRates, slots: number): BatchPrediction {
  const { partitions } = plan.strategy
  const { taskSeconds, startSeconds } = rates
  const maps = splitsOf(plan).map(split => taskSeconds + split.bytes / rates.mapBytesPerSecond)
  const shuffledBytes = (plan.input.bytes * rates.shuffleRatio) / partitions
  const reduces = Array.from({ length: partitions }, () => taskSeconds + shuffledBytes / rates.reduceBytesPerSecond)
  const [mapSeconds, reduceSeconds] = [makespan(maps, slots), makespan(reduces, slots)]
  const seconds = startSeconds + mapSeconds + reduceSeconds
  return { slots, mapSeconds, reduceSeconds, seconds, utilisation: (sum(maps) + sum(reduces)) / (slots * seconds) }
}

/** Each task, in the order given, goes to the slot that is free first. */
export function makespan(tasks: readonly number[], slots: number): number {
  const free = new Array<number>(Math.max(1, Math.min(slots, tasks.length))).fill(0)
  for (const seconds of tasks) free[free.indexOf(Math.min(...free))]! += seconds
  return Math.max(...free)
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
