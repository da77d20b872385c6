/** Tells the API how far the job is, at most five times a second. What the API answers never fails the job: it is told again, later. */
import type { KubeApi } from '../../../client/kube-api.ts'
import type { Condition } from '../../../kube/object.ts'
import { ApiError } from '../../../kube/status.ts'
import { API_VERSION, type BatchJob, type BatchJobStatus } from '../../../spec/kinds.ts'

const LEAST_INTERVAL_MS = 200
const FIRST_BACKOFF_MS = 200
const LONGEST_BACKOFF_MS = 5_000
const ANSWER_MS = 3_000

export interface ApiConnection extends KubeApi {
  close(): void
}

export interface JobName {
  readonly name: string
  readonly namespace: string
}

export class StatusReporter {
  private readonly connect: () => ApiConnection
  private api: ApiConnection | undefined
  private readonly job: JobName
  private latest: BatchJobStatus | undefined
  private sending: Promise<void> | undefined
  private complained = false

  constructor(connect: () => ApiConnection, job: JobName) {
    this.connect = connect
    this.job = job
  }

  /** Sends `status` soon; what comes meanwhile replaces it. */
  report(status: BatchJobStatus): void {
    this.latest = status
    this.sending ??= this.send().finally(() => {
      this.sending = undefined
    })
  }

  /** The last word; returns when the API has it, or the job is gone. */
  async conclude(status: BatchJobStatus, condition: Condition | undefined): Promise<void> {
    this.latest = undefined
    await this.sending
    for (let backoff = FIRST_BACKOFF_MS; ; backoff = Math.min(LONGEST_BACKOFF_MS, backoff * 2)) {
      try {
        if (!condition) return await this.patch(status)
        const conditions = await this.conditionsWith(condition)
        return await this.patch({ ...status, conditions, completionTime: condition.lastTransitionTime })
      } catch (error) {
        if (error instanceof ApiError && error.status.code === 404) return
        this.complain(error)
        await this.pause(backoff)
      }
    }
  }

  close(): void {
    this.api?.close()
    this.api = undefined
  }

  private async send(): Promise<void> {
    let backoff = FIRST_BACKOFF_MS
    while (this.latest) {
      const status = this.latest
      this.latest = undefined
      try {
        await this.patch(status)
        backoff = FIRST_BACKOFF_MS
        await this.pause(LEAST_INTERVAL_MS)
      } catch (error) {
        this.complain(error)
        this.latest ??= status
        await this.pause(backoff)
        backoff = Math.min(LONGEST_BACKOFF_MS, backoff * 2)
      }
    }
  }

  private async patch(status: BatchJobStatus): Promise<void> {
    this.api ??= this.connect()
    let timer: NodeJS.Timeout | undefined
    const silence = new Promise<never>((_, failed) => {
      timer = setTimeout(() => failed(new Error('no answer')), ANSWER_MS)
    })
    const answer = this.api.patch(this.ref, 'merge', { status }, { subresource: 'status' })
    try {
      await Promise.race([answer, silence])
      this.complained = false
    } catch (error) {
      // On a new connection, with the old one closed: what is stuck in it must not arrive after what is said later.
      if (!(error instanceof ApiError)) this.close()
      throw error
    } finally {
      clearTimeout(timer)
    }
  }

  /** Once for each time that the API goes away. */
  private complain(error: unknown): void {
    if (this.complained) return
    this.complained = true
    console.error(`the API did not take the job's status: ${(error as Error).message}`)
  }

  /** A merge patch replaces a list as a whole, so the other conditions come along. */
  private async conditionsWith(condition: Condition): Promise<readonly Condition[]> {
    this.api ??= this.connect()
    const { status } = await this.api.get<BatchJob>(this.ref)
    return [...(status?.conditions ?? []).filter(({ type }) => type !== condition.type), condition]
  }

  private get ref() {
    return { apiVersion: API_VERSION, kind: 'BatchJob', ...this.job }
  }

  private pause(ms: number): Promise<void> {
    return new Promise(done => setTimeout(done, ms))
  }
}
