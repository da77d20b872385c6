/** What is asked of the load generator and what it answers; both travel as JSON between the harness and its process. */

export interface Load {
  /** `http://HOST:PORT/PATH`; several take turns, connection by connection. */
  readonly urls: readonly string[]
  /** closed: each connection sends its next request when the last is answered. open: requests come at `ratePerSecond`, come what may. */
  readonly mode: 'closed' | 'open'
  /** One connection for many requests, or a new one for each. */
  readonly keepAlive: boolean
  /** closed: how many at once. open with keep-alive: at most so many (a request waits for a free one). */
  readonly connections?: number
  readonly ratePerSecond?: number
  /** It ends after so many requests or seconds, whichever is first, or when it is told to stop. */
  readonly requests?: number
  readonly seconds?: number
  readonly timeoutMs?: number
  readonly method?: string
  /** Answers are counted by this header's value (which replica it was). */
  readonly shareBy?: string
}

export type FailureKind = 'refused' | 'reset' | 'closed' | 'timeout' | 'unreachable' | 'status' | 'malformed' | 'other'

/** How far a request had come: no connection yet, sent without an answer, in the middle of its answer. */
export type Stage = 'connecting' | 'sent' | 'receiving'

/** Times are milliseconds since 1970, with fractions. */
export interface Failure {
  readonly kind: FailureKind
  readonly stage: Stage
  /** The status, or what the system called it. */
  readonly detail: string
  readonly intendedAt: number
  /** When it was written or its connection was begun. */
  readonly sentAt: number
  readonly failedAt: number
  readonly connectionOpenedAt: number
  /** Requests that its connection had answered before. */
  readonly answeredBefore: number
  /** The value of `shareBy` on the connection's last answer: whom it was talking to. */
  readonly peer?: string
}

export interface Spread {
  readonly count: number
  readonly mean: number
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly p999: number
  readonly max: number
}

/** What was going on at a moment that the harness marked. */
export interface MarkReport {
  readonly name: string
  readonly at: number
  readonly inFlight: number
  /** By the peer of the connection they were on; requests on a connection's first answer count under ''. */
  readonly inFlightByPeer: Readonly<Record<string, number>>
  /** Connections opened (or tried) in the 80 ms after it. */
  readonly openedSoonAfter: number
  /** Failures of requests in flight at the mark or sent in the second after it. */
  readonly failures: number
}

export interface LoadReport {
  readonly sent: number
  readonly succeeded: number
  readonly failed: number
  readonly startedAt: number
  readonly seconds: number
  readonly ratePerSecond: number
  readonly connectionsOpened: number
  /** From the moment a request was due, so that a stalled server is charged for all who waited (no coordinated omission). */
  readonly latencyMs: Spread
  /** From the moment it was sent. */
  readonly serviceMs: Spread
  readonly failures: Readonly<Partial<Record<FailureKind, number>>>
  readonly failuresByStage: Readonly<Partial<Record<Stage, number>>>
  /** The first thousand of them. */
  readonly failureList: readonly Failure[]
  readonly shares: Readonly<Record<string, number>>
  readonly marks: readonly MarkReport[]
  /** Longest time without an answer while requests were due. */
  readonly longestGapMs: number
}
