/** One object that `run` waits for: its last state and, from it, what to show. Watches; draws nothing. */
import { systemClock } from '../../base/clock.ts'
import type { HttpApi } from '../../client/http-api.ts'
import { createInformer } from '../../client/informer.ts'
import type { Pod } from '../../kube/core.ts'
import { ATTEMPT, COMPLETION_INDEX } from '../../kube/names.ts'
import { type ObjectRef, refOf, type UnknownObject } from '../../kube/object.ts'
import { API_VERSION, type BatchJob } from '../../spec/kinds.ts'
import { EXIT } from '../exit.ts'
import { statesOf } from '../object-states.ts'
import { podSelectorOf } from '../owned-pods.ts'
import { followPods, type LogLine } from '../pod-logs.ts'
import type { Style } from '../terminal.ts'
import { type Ending, endingOf } from './ending.ts'
import { type Starts, seen } from './pace.ts'
import { type PendingReason, pendingReason } from './pending.ts'
import { batchHeadline, progressSentence, stageLines } from './progress.ts'

/** As long a silence is no news yet. */
const PENDING_AFTER_MS = 2_000
const LOOK_AGAIN_MS = 2_000

export interface WatchedOptions {
  readonly api: HttpApi
  readonly signal: AbortSignal
  readonly now: () => number
  readonly onChange: () => void
  readonly onLog: (line: LogLine) => void
}

export class Watched {
  readonly ref: ObjectRef
  readonly startedMs: number
  state: UnknownObject
  ending: Ending | undefined
  waitsFor: PendingReason | undefined
  private starts: Starts = {}
  private pods: readonly Pod[] = []
  private changedMs: number
  private readonly options: WatchedOptions

  constructor(object: UnknownObject, options: WatchedOptions) {
    this.ref = refOf(object)
    this.state = object
    this.options = options
    this.startedMs = options.now()
    this.changedMs = this.startedMs
  }

  get isBatch(): boolean {
    return this.ref.apiVersion === API_VERSION && this.ref.kind === 'BatchJob'
  }

  private get isTraining(): boolean {
    return this.ref.apiVersion === API_VERSION && this.ref.kind === 'TrainingJob'
  }

  /** Until its end, or until `signal` aborts. */
  async follow(): Promise<void> {
    const { api, signal, now, onChange } = this.options
    const stop = new AbortController()
    const end = (): void => stop.abort()
    signal.addEventListener('abort', end)
    const beside = [this.watchReasons(stop.signal), ...(this.isTraining ? [this.followRanks(stop.signal)] : [])]
    // What fails beside is told at the end, where all is awaited.
    for (const each of beside) each.catch(() => {})
    try {
      for await (const state of statesOf(api, this.ref, stop.signal)) {
        if (!state) this.ending = { code: EXIT.error, problem: 'it was deleted' }
        else if (state.metadata.uid === this.state.metadata.uid) {
          this.state = state
          this.changedMs = now()
          this.ending = endingOf(state)
          if (this.isBatch) this.starts = seen(this.starts, this.batch.status?.stages ?? [], now())
        }
        onChange()
        if (this.ending) break
      }
    } finally {
      stop.abort()
      signal.removeEventListener('abort', end)
      await Promise.all(beside)
    }
  }

  private get batch(): BatchJob {
    return this.state as unknown as BatchJob
  }

  get seconds(): number {
    return (this.options.now() - this.startedMs) / 1000
  }

  /** Asks why nothing goes on, once nothing has for a while. */
  private async watchReasons(signal: AbortSignal): Promise<void> {
    const { api, now, onChange } = this.options
    while (await pause(LOOK_AGAIN_MS, signal)) {
      const quiet = now() - this.changedMs >= PENDING_AFTER_MS
      // A server that is being restarted has nothing to say; the next look will tell.
      const found = quiet ? await pendingReason(api, this.state).catch(() => undefined) : undefined
      if (found?.text === this.waitsFor?.text) continue
      this.waitsFor = found
      onChange()
    }
  }

  /** Ranks' pods as they stand, and what rank 0 writes. */
  private async followRanks(signal: AbortSignal): Promise<void> {
    const { api, onLog } = this.options
    const { namespace = 'default' } = this.ref
    const labelSelector = podSelectorOf(this.state)!
    const rankZero = { namespace, labelSelector: `${labelSelector},${COMPLETION_INDEX}=0` }
    await Promise.all([
      followPods(api, rankZero, { signal: this.options.signal }, signal, onLog),
      this.countPods(namespace, labelSelector, signal),
    ])
  }

  private async countPods(namespace: string, labelSelector: string, signal: AbortSignal): Promise<void> {
    const { api, onChange } = this.options
    const informer = createInformer<Pod>(
      api,
      { apiVersion: 'v1', kind: 'Pod', namespace },
      { labelSelector, clock: systemClock },
    )
    for (const change of ['add', 'update', 'delete'] as const) {
      informer.on(change, () => {
        this.pods = informer.list()
        onChange()
      })
    }
    informer.start()
    await new Promise(resolve => signal.addEventListener('abort', resolve))
    informer.stop()
  }

  /** For a terminal. */
  lines(columns: number, style: Style): readonly string[] {
    const waits = this.waitsFor && !this.ending ? [`  ${style.yellow('waiting:')} ${this.waitsFor.text}`] : []
    if (this.isBatch) {
      const stages = this.batch.status?.stages ?? []
      const head = batchHeadline(this.batch, this.seconds, style)
      return [head, ...stageLines(stages, this.starts, this.options.now(), columns, style), ...waits]
    }
    return [`${style.bold(this.ref.name)}  ${this.phase.toLowerCase()} ${style.dim(this.detail)}`.trimEnd(), ...waits]
  }

  /** For a log. */
  sentence(): string {
    const waits = this.waitsFor && !this.ending ? `; waiting: ${this.waitsFor.text}` : ''
    const stages = this.isBatch ? (this.batch.status?.stages ?? []) : []
    if (stages.length > 0) return progressSentence(this.ref.name, stages, this.starts, this.options.now()) + waits
    return [`${this.ref.name}: ${this.phase.toLowerCase()}`, this.detail].filter(Boolean).join(', ') + waits
  }

  private get phase(): string {
    return (this.state.status as { readonly phase?: string } | undefined)?.phase ?? 'Pending'
  }

  private get detail(): string {
    const status = (this.state.status ?? {}) as Readonly<Record<string, number | undefined>>
    if (this.isTraining) return rankText(ofAttempt(this.pods, status.attempt ?? 0), status.attempt)
    return status.replicas === undefined ? '' : `${status.readyReplicas ?? 0}/${status.replicas} ready`
  }
}

const ofAttempt = (pods: readonly Pod[], attempt: number): readonly Pod[] =>
  pods.filter(({ metadata }) => (metadata.labels?.[ATTEMPT] ?? String(attempt)) === String(attempt))

/** `pods: 7 running, 1 pending; attempt 2`. */
export function rankText(pods: readonly Pod[], attempt: number | undefined): string {
  const counts = new Map<string, number>()
  for (const { status } of pods) {
    const phase = (status?.phase ?? 'Pending').toLowerCase()
    counts.set(phase, (counts.get(phase) ?? 0) + 1)
  }
  const states = [...counts].map(([phase, count]) => `${count} ${phase}`)
  return [
    ...(states.length > 0 ? [`pods: ${states.join(', ')}`] : []),
    ...(attempt ? [`attempt ${attempt + 1}`] : []),
  ].join('; ')
}

/** False when `signal` ended it. */
function pause(milliseconds: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return Promise.resolve(false)
  return new Promise(resolve => {
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve(!signal.aborted)
    }
    const timer = setTimeout(done, milliseconds)
    signal.addEventListener('abort', done)
  })
}
