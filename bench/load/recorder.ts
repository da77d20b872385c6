/** Keeps what happened to every request as plain numbers, and sums it up at the end. */
import type { Failure, FailureKind, LoadReport, MarkReport, Spread, Stage } from './load.ts'

export interface Recorder {
  opened(at: number): void
  succeeded(intendedAt: number, sentAt: number, at: number, share: string | undefined, peer: string | undefined): void
  failed(failure: Failure, peer: string | undefined): void
  mark(name: string, at: number): void
  report(connectionsOpened: number): LoadReport
}

const KEPT_FAILURES = 1000
/** What the issue allows to fail beside what was in flight: connections that were opened this soon after a kill. */
const SOON_MS = 80
const AFTERMATH_MS = 1000

export function createRecorder(startedAt: number): Recorder {
  const intended: number[] = []
  const sent: number[] = []
  const ended: number[] = []
  const peers: string[] = []
  const succeeded: boolean[] = []
  const openings: number[] = []
  const failures: Failure[] = []
  const marks: { name: string; at: number }[] = []
  const shares: Record<string, number> = {}
  const byKind: Partial<Record<FailureKind, number>> = {}
  const byStage: Partial<Record<Stage, number>> = {}
  let numFailed = 0

  function keep(intendedAt: number, sentAt: number, at: number, peer: string | undefined, isGood: boolean): void {
    intended.push(intendedAt)
    sent.push(sentAt)
    ended.push(at)
    peers.push(peer ?? '')
    succeeded.push(isGood)
  }

  function markReport({ name, at }: { name: string; at: number }): MarkReport {
    const inFlightByPeer: Record<string, number> = {}
    let inFlight = 0
    let failed = 0
    for (let i = 0; i < sent.length; i++) {
      const isInFlight = sent[i]! <= at && ended[i]! > at
      if (isInFlight) {
        inFlight++
        inFlightByPeer[peers[i]!] = (inFlightByPeer[peers[i]!] ?? 0) + 1
      }
      const isAftermath = sent[i]! > at && sent[i]! <= at + AFTERMATH_MS
      if (!succeeded[i] && (isInFlight || isAftermath)) failed++
    }
    const openedSoonAfter = openings.filter(each => each > at && each <= at + SOON_MS).length
    return { name, at, inFlight, inFlightByPeer, openedSoonAfter, failures: failed }
  }

  return {
    opened: at => void openings.push(at),
    succeeded(intendedAt, sentAt, at, share, peer) {
      keep(intendedAt, sentAt, at, peer, true)
      if (share !== undefined) shares[share] = (shares[share] ?? 0) + 1
    },
    failed(failure, peer) {
      keep(failure.intendedAt, failure.sentAt, failure.failedAt, peer, false)
      numFailed++
      byKind[failure.kind] = (byKind[failure.kind] ?? 0) + 1
      byStage[failure.stage] = (byStage[failure.stage] ?? 0) + 1
      if (failures.length < KEPT_FAILURES) failures.push(failure)
    },
    mark: (name, at) => void marks.push({ name, at }),
    report(connectionsOpened) {
      const good = (since: readonly number[]): number[] =>
        ended.flatMap((at, i) => (succeeded[i] ? [at - since[i]!] : []))
      const last = ended.reduce((a, b) => Math.max(a, b), startedAt)
      const seconds = (last - startedAt) / 1000
      const numGood = ended.length - numFailed
      return {
        sent: ended.length,
        succeeded: numGood,
        failed: numFailed,
        startedAt,
        seconds,
        ratePerSecond: seconds > 0 ? numGood / seconds : 0,
        connectionsOpened,
        latencyMs: spreadOf(good(intended)),
        serviceMs: spreadOf(good(sent)),
        failures: byKind,
        failuresByStage: byStage,
        failureList: failures,
        shares,
        marks: marks.map(markReport),
        longestGapMs: longestGap(ended.filter((_, i) => succeeded[i])),
      }
    },
  }
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = Float64Array.from(values).sort()
  const at = (q: number): number => sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return { count: sorted.length, mean, p50: at(0.5), p90: at(0.9), p99: at(0.99), p999: at(0.999), max: at(1) }
}

function longestGap(times: readonly number[]): number {
  const sorted = Float64Array.from(times).sort()
  let longest = 0
  for (let i = 1; i < sorted.length; i++) longest = Math.max(longest, sorted[i]! - sorted[i - 1]!)
  return longest
}
