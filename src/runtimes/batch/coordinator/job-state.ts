/**
 * What is known of a running job and what follows from it: which task a free worker gets, what is to be made again, when all is done or
 * lost. Told of events, asked for decisions; it reads no clock and touches nothing.
 */
import type { UserFailure } from '../../../spec/kinds.ts'
import type { TaskFailure } from '../failure.ts'
import type { MapOutput, ReduceOutput, Stage, TaskId } from '../protocol.ts'
import { type ColumnType, merge } from '../table/column-type.ts'
import { shouldSpeculate } from './speculation.ts'
import { backoffMs, isExhausted, isWaiting, newTask, type TaskRecord } from './task-record.ts'

export interface Assignment extends TaskId {
  readonly attempt: number
}

export interface JobFailure extends UserFailure {
  readonly reason: 'UserError' | 'TaskFailed'
}

export class JobState {
  readonly maps: readonly TaskRecord[]
  readonly reduces: readonly TaskRecord[]
  readonly outputs: (MapOutput | undefined)[]
  readonly committed: (ReduceOutput | undefined)[]
  /** Worker -> what it does; undefined: nothing. */
  readonly workers = new Map<string, TaskId | undefined>()
  readonly retried = { map: 0, reduce: 0 }
  failure: JobFailure | undefined
  /** Types of the columns, once all map outputs are there. */
  valueType: ColumnType | undefined
  keyType: ColumnType | undefined
  private readonly durations = { map: [] as number[], reduce: [] as number[] }

  constructor(splitBytes: readonly number[], partitions: number) {
    this.maps = splitBytes.map((bytes, index) => newTask(index, bytes))
    this.reduces = Array.from({ length: partitions }, (_, index) => newTask(index, 0))
    this.outputs = splitBytes.map(() => undefined)
    this.committed = this.reduces.map(() => undefined)
  }

  get isDone(): boolean {
    return this.reduces.every(task => task.done)
  }

  /** Which stage hands out tasks now. */
  get stage(): Stage {
    return this.maps.every(task => task.done) ? 'reduce' : 'map'
  }

  get runnable(): readonly TaskRecord[] {
    return this.isDone ? [] : this.tasksOf(this.stage)
  }

  /** Tasks that could run now but have no worker. */
  get pendingTasks(): number {
    return this.failure ? 0 : this.runnable.filter(isWaiting).length
  }

  join(worker: string, busy: TaskId | undefined, now: number): void {
    this.workers.set(worker, busy)
    if (busy) this.taskOf(busy)?.running.set(worker, { since: now, bytesDone: 0 })
  }

  /** The worker is gone; `survives` tells whether an output of its can still be read. */
  leave(worker: string, now: number, survives: (output: MapOutput) => boolean): void {
    const busy = this.workers.get(worker)
    this.workers.delete(worker)
    if (busy) this.countFailure(busy, worker, now, `the worker ${worker} ended while it ran`)
    const lost = this.outputs.filter(output => output && !survives(output)).map(output => output!.split)
    this.loseOutputs(lost)
  }

  /** A task for a free worker, now numbered and running; undefined when there is none for it. */
  assign(worker: string, now: number): Assignment | undefined {
    if (this.failure || this.isDone || !this.workers.has(worker) || this.workers.get(worker)) return undefined
    const { stage } = this
    const tasks = this.tasksOf(stage)
    const task =
      tasks.find(each => isWaiting(each) && each.notBefore <= now) ??
      tasks.find(each => shouldSpeculate(each, tasks, this.durations[stage], now))
    if (!task) return undefined
    task.running.set(worker, { since: now, bytesDone: 0 })
    this.workers.set(worker, { stage, index: task.index })
    return { stage, index: task.index, attempt: task.attempts++ }
  }

  progress(worker: string, bytesDone: number): void {
    const busy = this.workers.get(worker)
    const running = busy && this.taskOf(busy)?.running.get(worker)
    if (running) running.bytesDone = bytesDone
  }

  /** False when another attempt was first: this output is not needed. */
  finishMap(worker: string, output: MapOutput, now: number): boolean {
    const task = this.maps[output.split]
    this.free(worker, task, 'map', now)
    return task ? this.addOutput(output) : false
  }

  finishReduce(worker: string, output: ReduceOutput, now: number): boolean {
    const task = this.reduces[output.partition]
    this.free(worker, task, 'reduce', now)
    if (!task || task.done) return false
    task.done = true
    this.committed[output.partition] = output
    return true
  }

  /** An output that a worker has, from this coordinator's time or before. */
  addOutput(output: MapOutput): boolean {
    const task = this.maps[output.split]
    if (!task || task.done) return false
    task.done = true
    this.outputs[output.split] = output
    if (this.stage === 'reduce') this.settleTypes()
    return true
  }

  addCommitted(output: ReduceOutput): void {
    const task = this.reduces[output.partition]
    if (!task) return
    task.done = true
    this.committed[output.partition] = output
  }

  fail(worker: string, id: TaskId, failure: TaskFailure, now: number): void {
    const task = this.taskOf(id)
    this.workers.set(worker, undefined)
    task?.running.delete(worker)
    if (!task || task.done || this.failure) return
    if (failure.kind === 'user') {
      const { message, place, record } = failure
      this.failure = { reason: 'UserError', message, place, record }
    } else if (failure.kind === 'lost') this.loseOutputs(failure.splits)
    else this.countFailure(id, worker, now, failure.message)
  }

  /** When the next waiting task may run, if that is later than `now`. */
  wakeAt(now: number): number | undefined {
    const times = this.runnable.filter(task => isWaiting(task) && task.notBefore > now).map(task => task.notBefore)
    return times.length > 0 ? Math.min(...times) : undefined
  }

  /**
   * All files of an output have the same column types. A reduce function may have given whole numbers in one partition and fractions in
   * another: those that are too narrow are made again, wider. Their partitions are returned.
   */
  narrowPartitions(): readonly number[] {
    let widest: ColumnType | undefined
    for (const output of this.committed) {
      const merged = merge(widest, output?.valueType)
      if (merged === 'conflict') {
        this.failure = {
          reason: 'UserError',
          message: `reduce returns ${widest} values for some keys and ${output?.valueType} values for others: a column has one type`,
        }
        return []
      }
      widest = merged
    }
    const narrow = this.committed.filter(output => output && widest && (output.valueType ?? 'integer') !== widest)
    this.valueType = widest
    for (const output of narrow) {
      this.reduces[output!.partition]!.done = false
      this.committed[output!.partition] = undefined
    }
    return narrow.map(output => output!.partition)
  }

  private tasksOf(stage: Stage): readonly TaskRecord[] {
    return stage === 'map' ? this.maps : this.reduces
  }

  private taskOf({ stage, index }: TaskId): TaskRecord | undefined {
    return this.tasksOf(stage)[index]
  }

  private free(worker: string, task: TaskRecord | undefined, stage: Stage, now: number): void {
    const running = task?.running.get(worker)
    if (running) this.durations[stage].push(now - running.since)
    task?.running.delete(worker)
    if (this.workers.has(worker)) this.workers.set(worker, undefined)
  }

  private countFailure(id: TaskId, worker: string, now: number, message: string): void {
    const task = this.taskOf(id)
    task?.running.delete(worker)
    if (!task || task.done || this.failure) return
    task.failures++
    this.retried[id.stage]++
    task.notBefore = now + backoffMs(task.failures)
    if (isExhausted(task)) {
      const what = `${id.stage} task ${id.index} failed ${task.failures} times`
      this.failure = { reason: 'TaskFailed', message: `${what}, the last time because ${message}` }
    }
  }

  private loseOutputs(splits: readonly number[]): void {
    for (const split of splits) {
      const task = this.maps[split]
      if (!task || this.outputs[split] === undefined) continue
      task.done = false
      this.outputs[split] = undefined
      this.retried.map++
    }
  }

  private settleTypes(): void {
    let key: ColumnType | undefined
    let value: ColumnType | undefined
    for (const output of this.outputs) {
      const keys = merge(key, output?.keyType)
      const values = merge(value, output?.valueType)
      if (keys === 'conflict' || values === 'conflict') {
        const [what, a, b] = keys === 'conflict' ? ['keys', key, output?.keyType] : ['values', value, output?.valueType]
        this.failure = {
          reason: 'UserError',
          message: `some ${what} are of type ${a}, some ${b}: a column has one type`,
        }
        return
      }
      key = keys
      value = values
    }
    this.keyType = key
    this.valueType = merge(this.valueType, value) as ColumnType | undefined
  }
}
