/**
 * The coordinator of a batch job: hands tasks to workers, commits what they make, reports to the API. Every decision is `JobState`'s; what
 * must survive this process lies in the output's hidden folder and on the workers.
 */
import { existsSync } from 'node:fs'
import { type Clock, formatTime, systemClock } from '../../../base/clock.ts'
import { createHttpApi } from '../../../client/http-api.ts'
import { inClusterConnection } from '../../../client/in-cluster.ts'
import type { Condition } from '../../../kube/object.ts'
import { splitsOf } from '../../../planner/batch/splits.ts'
import type { Environment } from '../environment.ts'
import { messageOf, UserError } from '../failure.ts'
import type { MapOutput, ReduceOutput, Stage, Task } from '../protocol.ts'
import { type Assignment, JobState } from './job-state.ts'
import { type StageTimes, statusOf } from './job-status.ts'
import { OutputFolder, type OutputSummary } from './output-folder.ts'
import { Sessions } from './sessions.ts'
import { StatusReporter } from './status-reporter.ts'

/** After a restart workers get this long to come back with their outputs before those are made again. */
const REUNION_MS = 1_500
/** Workers that do not hang up after `stop` are left to the Job controller. */
const FAREWELL_MS = 2_000

export async function coordinate(environment: Environment): Promise<number> {
  const { name, namespace } = environment.plan
  const connection = inClusterConnection()
  // Without a cluster around it the job runs all the same, and nobody is told.
  const reporter = connection && new StatusReporter(() => createHttpApi(connection), { name, namespace })
  try {
    return await new Coordinator(environment, reporter, systemClock).run()
  } finally {
    reporter?.close()
  }
}

class Coordinator {
  private readonly environment: Environment
  private readonly reporter: StatusReporter | undefined
  private readonly clock: Clock
  private readonly state: JobState
  private readonly splits
  private readonly output: OutputFolder
  private readonly sessions: Sessions
  private readonly times: { [stage in Stage]: { start?: number; end?: number } } = { map: {}, reduce: {} }
  private summary: OutputSummary | undefined
  private holdUntilMs = 0
  private cancelWake: () => void = () => {}
  private settle: (error?: unknown) => void = () => {}
  private ending = false

  constructor(environment: Environment, reporter: StatusReporter | undefined, clock: Clock) {
    const { plan, run } = environment
    this.environment = environment
    this.reporter = reporter
    this.clock = clock
    this.splits = splitsOf(plan)
    this.state = new JobState(
      this.splits.map(split => split.bytes),
      plan.strategy.partitions,
    )
    this.output = new OutputFolder(plan.output.uri, plan.output.format, run)
    this.sessions = new Sessions(clock, {
      onHello: hello => this.welcome(hello.worker, hello.run, hello.outputs, hello.busy),
      onAlive: (worker, bytesDone) => {
        this.state.progress(worker, bytesDone)
        this.report()
      },
      onReport: (worker, report) => {
        if (report.type === 'failed') this.state.fail(worker, report.task, report.failure, this.now)
        else if (report.result.stage === 'map') this.state.finishMap(worker, report.result.output, this.now)
        else return void this.commit(worker, report.result.output)
        this.advance()
      },
      onGone: worker => {
        this.state.leave(worker, this.now, survives)
        this.advance()
      },
    })
  }

  async run(): Promise<number> {
    const settled = new Promise<unknown>(done => {
      this.settle = done
    })
    try {
      await this.open()
      this.advance()
      const error = await settled
      if (error) throw error
      if (!this.state.failure) {
        this.summary = await this.output.publish(this.state.committed.filter(output => output !== undefined))
      }
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      const { message, place, record } = error
      this.state.failure = { reason: 'UserError', message, place, record }
    }
    await this.conclude()
    return 0
  }

  private get now(): number {
    return this.clock.monotonicMs()
  }

  private async open(): Promise<void> {
    const { plan, podIp, coordinator } = this.environment
    const restarted = existsSync(this.output.staging)
    for (const committed of await this.output.open(plan.strategy.partitions)) this.state.addCommitted(committed)
    if (restarted) this.holdUntilMs = this.now + REUNION_MS
    const port = await this.sessions.listen(podIp, coordinator.port)
    console.log(`coordinator of ${plan.name} listens on ${podIp}:${port}`)
  }

  private welcome(
    worker: string,
    run: string,
    outputs: readonly MapOutput[],
    busy: { stage: Stage; index: number } | undefined,
  ): boolean {
    if (run !== this.environment.run || this.ending) return false
    for (const output of outputs) this.state.addOutput(output)
    this.state.join(worker, busy, this.now)
    this.advance()
    return true
  }

  private async commit(worker: string, output: ReduceOutput): Promise<void> {
    try {
      const isWanted = !this.state.reduces[output.partition]?.done && !this.state.failure
      const won = isWanted && (await this.output.commit(output))
      this.state.finishReduce(worker, output, this.now)
      if (isWanted && !won) console.log(`partition ${output.partition} was committed by another attempt`)
    } catch (error) {
      const failure = { kind: 'retryable', message: messageOf(error) } as const
      this.state.fail(worker, { stage: 'reduce', index: output.partition }, failure, this.now)
    }
    this.advance()
  }

  /** Whatever has happened: hand out what can be handed out, notice the end. */
  private advance(): void {
    if (this.ending) return
    this.keepTime()
    if (this.state.failure) this.end()
    else if (this.state.isDone) void this.finish()
    else this.handOut()
  }

  private handOut(): void {
    if (this.now < this.holdUntilMs) this.wakeAt(this.holdUntilMs)
    else {
      for (const worker of this.state.workers.keys()) {
        const assignment = this.state.assign(worker, this.now)
        if (assignment) this.sessions.send(worker, { type: 'task', task: this.taskOf(assignment) })
      }
      // A late task is looked at again even when nothing happens.
      this.wakeAt(this.state.wakeAt(this.now) ?? this.now + 1_000)
    }
    this.report()
  }

  private async finish(): Promise<void> {
    const { format } = this.environment.plan.output
    const before = [...this.state.committed]
    const narrow = format === 'parquet' ? this.state.narrowPartitions() : []
    if (this.state.failure || narrow.length === 0) return this.end()
    for (const partition of narrow) await this.output.revoke(before[partition]!)
    this.advance()
  }

  private end(error?: unknown): void {
    this.ending = true
    this.cancelWake()
    this.settle(error)
  }

  private wakeAt(time: number): void {
    this.cancelWake()
    this.cancelWake = this.clock.after(Math.max(1, time - this.now), () => this.advance())
  }

  private taskOf({ stage, index, attempt }: Assignment): Task {
    const { keyType, valueType, outputs } = this.state
    if (stage === 'map') return { stage, index, attempt, split: this.splits[index]! }
    const inputs = outputs
      .filter(output => output !== undefined)
      .map(({ split, base, address, segments }) => ({ split, base, address, extents: segments[index]! }))
      .filter(({ extents }) => extents.length > 0)
    const stagedPath = this.output.stagedPath(index)
    const { format } = this.environment.plan.output
    return { stage, index, attempt, inputs, keyType, valueType, stagedPath, format }
  }

  private keepTime(): void {
    const now = this.clock.now()
    const { stage } = this.state
    if (this.state.workers.size > 0) this.times[stage].start ??= now
    if (stage === 'reduce') this.times.map.end ??= now
    if (this.state.isDone) this.times.reduce.end ??= now
  }

  private report(): void {
    this.reporter?.report(this.status())
  }

  private status() {
    return statusOf(this.state, this.times as StageTimes, this.summary)
  }

  private async conclude(): Promise<void> {
    const { failure } = this.state
    // A user's failure is told as such and judged by the controller; what failed otherwise has no field but the condition.
    const time = formatTime(this.clock.now())
    const condition: Condition | undefined =
      failure?.reason === 'TaskFailed'
        ? { type: 'Failed', status: 'True', reason: failure.reason, message: failure.message, lastTransitionTime: time }
        : undefined
    if (failure) {
      const where = [failure.record, failure.place && `at ${failure.place}`].filter(part => part !== undefined)
      console.error(`failed: ${failure.message}${where.map(part => `\n  ${part}`).join('')}`)
    } else console.log(`done: ${this.summary?.rows} rows in ${this.summary?.files} files in ${this.summary?.uri}`)
    // Workers and the API are told at the same time; the hidden folder goes last, for it says what was done.
    await Promise.all([this.sessions.stopAll(FAREWELL_MS), this.reporter?.conclude(this.status(), condition)])
    await this.output.close()
  }
}

/** An output is lost when its worker is gone and this machine cannot see its file; then readers could not either. */
const survives = (output: MapOutput): boolean =>
  output.segments.every(extents => extents.every(([name]) => existsSync(output.base + name)))
