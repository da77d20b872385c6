/**
 * Asks a container's probes for as long as it runs: the startup probe until it has succeeded, then the others. What counts is in
 * `probe-count.ts`; here are the clock and who is told.
 */
import type { Clock } from '../../base/clock.ts'
import type { Container, Probe } from '../../kube/core.ts'
import { firstHealth, type Health } from './health.ts'
import type { Outcome } from './outcome.ts'
import {
  afterTry,
  firstTryMs,
  nextTryMs,
  PROBED,
  type ProbeCount,
  periodMs,
  timeoutMs,
  UNPROBED,
} from './probe-count.ts'

export interface ContainerProbes {
  /** It is being stopped with its pod: only whether it is ready is still asked. */
  wane(): void
  stop(): void
}

export interface ProbeOptions {
  readonly container: Container
  readonly clock: Clock
  /** When the container began, monotonic. */
  readonly startedMs: number
  /** What an earlier agent knew; then the first questions come spread over the period. */
  readonly known?: Health
  readonly ask: (probe: Probe, timeoutMs: number) => Promise<Outcome>
  readonly onHealth: (health: Health) => void
  /** For an Event. */
  readonly tell: (reason: 'Unhealthy' | 'ProbeWarning', message: string, probe: Probe) => void
  /** In [0, 1). */
  readonly random?: () => number
}

type Verdict = 'success' | 'failure'

export function probeContainer(options: ProbeOptions): ContainerProbes {
  const { container, clock, startedMs, known, onHealth } = options
  const { startupProbe, readinessProbe, livenessProbe } = container
  const stops: (() => void)[] = []
  const mortal: (() => void)[] = []
  let health = known ?? firstHealth(container)

  function become(change: Partial<Health>): void {
    const next = { ...health, ...change }
    const isNew =
      next.isStarted !== health.isStarted || next.isReady !== health.isReady || next.failed !== health.failed
    health = next
    if (isNew) onHealth(health)
  }

  function loop(name: string, probe: Probe, wasGood: boolean, onVerdict: (verdict: Verdict) => boolean): () => void {
    let count: ProbeCount = wasGood ? PROBED : UNPROBED
    let isStopped = false
    let cancel = (): void => {}
    const at = (ms: number): void => {
      cancel = clock.after(Math.max(0, ms - clock.monotonicMs()), () => void attempt())
    }
    async function attempt(): Promise<void> {
      const triedMs = clock.monotonicMs()
      const outcome = await options.ask(probe, timeoutMs(probe))
      if (isStopped) return
      const goesOn = judge(outcome)
      if (goesOn && !isStopped) at(nextTryMs(count, probe, startedMs, triedMs, clock.monotonicMs()))
    }
    function judge(outcome: Outcome): boolean {
      const isGood = outcome.kind === 'success' || outcome.kind === 'warning'
      const counted = afterTry(count, isGood ? 'success' : 'failure', probe, startedMs, clock.monotonicMs())
      // An error says nothing of the container, but people must hear of it as seldom as of a failure.
      if (counted.counts) tell(name, probe, outcome)
      if (outcome.kind === 'unknown') {
        if (counted.counts) count = { ...count, lastFailureMs: counted.count.lastFailureMs }
        return true
      }
      count = counted.count
      return counted.verdict === undefined || onVerdict(counted.verdict)
    }
    const nowMs = clock.monotonicMs()
    at(
      wasGood && known
        ? nowMs + (options.random ?? Math.random)() * periodMs(probe)
        : firstTryMs(probe, startedMs, nowMs),
    )
    return () => {
      isStopped = true
      cancel()
    }
  }

  function tell(name: string, probe: Probe, outcome: Outcome): void {
    if (outcome.kind === 'warning') options.tell('ProbeWarning', `${name} probe warning: ${outcome.message}`, probe)
    if (outcome.kind === 'failure') options.tell('Unhealthy', `${name} probe failed: ${outcome.message}`, probe)
    if (outcome.kind === 'unknown') {
      options.tell('Unhealthy', `${name} probe errored and resulted in unknown state: ${outcome.message}`, probe)
    }
  }

  function watchStarted(): void {
    if (readinessProbe) {
      const stop = loop('Readiness', readinessProbe, known?.isReady ?? false, verdict => {
        become({ isReady: verdict === 'success' })
        return true
      })
      stops.push(stop)
    }
    if (livenessProbe) {
      const stop = loop('Liveness', livenessProbe, known !== undefined, verdict => {
        if (verdict === 'failure') become({ failed: 'liveness', isReady: false })
        return verdict === 'success'
      })
      stops.push(stop)
      mortal.push(stop)
    }
  }

  function watchStartup(probe: Probe): void {
    const stop = loop('Startup', probe, false, verdict => {
      if (verdict === 'failure') become({ failed: 'startup' })
      else {
        become({ isStarted: true, isReady: readinessProbe === undefined })
        watchStarted()
      }
      return false
    })
    stops.push(stop)
    mortal.push(stop)
  }

  if (startupProbe && !health.isStarted) watchStartup(startupProbe)
  else watchStarted()

  return {
    wane: () => mortal.forEach(stop => stop()),
    stop: () => stops.forEach(stop => stop()),
  }
}
