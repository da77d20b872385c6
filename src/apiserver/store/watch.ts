/** A watch is a cursor into the shared history: it buffers nothing, so a slow reader costs no memory and at last expires. */
import type { StoreEvent, StoreWatch } from './store.ts'

/** What a watch needs of its store. */
export interface WatchSource {
  readonly revision: number
  readonly isClosed: boolean
  /** The watched changes after `revision`. Throws ApiError Expired. */
  since(revision: number): readonly StoreEvent[]
  /** Calls `wake` once, at the next watched change or when the store closes. The returned function takes that back. */
  onNext(wake: () => void): () => void
}

export class CursorWatch implements StoreWatch {
  private readonly source: WatchSource
  private readonly signal: AbortSignal | undefined
  private cursor: number
  /** Everything was handed out, and nothing of interest has happened since. */
  private isWaiting = false
  private wake: () => void = () => {}

  constructor(source: WatchSource, from: number, signal: AbortSignal | undefined) {
    this.source = source
    this.signal = signal
    this.cursor = from
  }

  get revision(): number {
    return this.isWaiting ? Math.max(this.cursor, this.source.revision) : this.cursor
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly StoreEvent[], void> {
    const wake = (): void => this.wake()
    this.signal?.addEventListener('abort', wake, { once: true })
    try {
      while (!this.isOver) {
        const events = this.source.since(this.cursor)
        this.cursor = this.source.revision
        if (events.length > 0) yield events
        else await this.next()
      }
    } finally {
      this.signal?.removeEventListener('abort', wake)
    }
  }

  private get isOver(): boolean {
    return this.signal?.aborted === true || this.source.isClosed
  }

  private next(): Promise<void> {
    return new Promise(resolve => {
      this.isWaiting = true
      const forget = this.source.onNext(() => this.wake())
      this.wake = () => {
        this.wake = () => {}
        this.isWaiting = false
        forget()
        resolve()
      }
    })
  }
}
