/**
 * A second attempt of a task that is late while a worker is free (MapReduce's backup tasks, Dean and Ghemawat 2004, §3.6): when at least
 * half of its stage has been measured and it has taken three times the median, as Spark 4 has it (SPARK-47720).
 */
import type { TaskRecord } from './task-record.ts'

const FACTOR = 3
const LEAST_MS = 2_000

export function shouldSpeculate(
  task: TaskRecord,
  tasks: readonly TaskRecord[],
  durations: readonly number[],
  now: number,
): boolean {
  if (task.done || task.running.size !== 1 || durations.length * 2 < tasks.length) return false
  const [running] = task.running.values()
  const sorted = [...durations].sort((a, b) => a - b)
  const median = sorted[sorted.length >> 1] ?? 0
  return now - running!.since > Math.max(LEAST_MS, FACTOR * median)
}
