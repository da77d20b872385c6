/** A container's probes over a time that is moved by hand. */
import { expect, test } from 'vitest'
import type { Container, Probe } from '../../kube/core.ts'
import { createManualClock } from '../manual-clock.ts'
import type { Health } from './health.ts'
import { failure, type Outcome, SUCCESS } from './outcome.ts'
import { probeContainer } from './probe-container.ts'

const startup: Probe = { exec: { command: ['startup'] }, periodSeconds: 1, failureThreshold: 3 }
const readiness: Probe = { exec: { command: ['readiness'] }, periodSeconds: 1, failureThreshold: 2 }
const liveness: Probe = { exec: { command: ['liveness'] }, periodSeconds: 1, failureThreshold: 2 }

function probing(probes: Partial<Container>, known?: Health) {
  const clock = createManualClock()
  const answers: Record<string, Outcome> = {}
  const asked: string[] = []
  const told: string[] = []
  const healths: Health[] = []
  const probed = probeContainer({
    container: { name: 'main', ...probes },
    clock,
    startedMs: 0,
    known,
    random: () => 0.5,
    ask: async probe => {
      const [what = ''] = probe.exec?.command ?? []
      asked.push(`${what} ${clock.monotonicMs()}`)
      return answers[what] ?? failure('no')
    },
    onHealth: health => healths.push(health),
    tell: (reason, message) => told.push(`${clock.monotonicMs()} ${reason}: ${message}`),
  })
  return { clock, answers, asked, told, healths, probed }
}

test('it is ready within 50 ms of being up, and nobody is told of the tries before', async () => {
  const { clock, answers, told, healths } = probing({ readinessProbe: readiness })
  await clock.advance(500)
  answers.readiness = SUCCESS
  await clock.advance(50)
  expect(healths).toEqual([{ isStarted: true, isReady: true }])
  expect(told).toEqual([])
})

test('a failure is told once a period, in the words of the kubelet', async () => {
  const { clock, told } = probing({ readinessProbe: readiness })
  await clock.advance(3_100)
  expect(told.map(line => line.replace(/^\d+ /, ''))).toEqual(Array(3).fill('Unhealthy: Readiness probe failed: no'))
  expect(Number(told[0]?.split(' ')[0])).toBeGreaterThanOrEqual(1_000)
})

test('the others wait for the startup probe (TestStartupProbeDisabledByStarted)', async () => {
  const { clock, answers, asked, healths } = probing({
    startupProbe: startup,
    readinessProbe: readiness,
    livenessProbe: liveness,
  })
  answers.readiness = SUCCESS
  answers.liveness = SUCCESS
  await clock.advance(200)
  expect(asked.every(each => each.startsWith('startup'))).toBe(true)
  answers.startup = SUCCESS
  await clock.advance(50)
  expect(healths.at(-1)).toEqual({ isStarted: true, isReady: true })
  const before = asked.length
  await clock.advance(2_000)
  expect(asked.slice(before).some(each => each.startsWith('startup'))).toBe(false)
})

test('a container without a readiness probe is ready once it has started', async () => {
  const { clock, answers, healths } = probing({ startupProbe: startup })
  answers.startup = SUCCESS
  await clock.advance(10)
  expect(healths).toEqual([{ isStarted: true, isReady: true }])
})

test('a startup probe that fails too often ends it, and is asked no more (TestOnHoldOnLivenessOrStartupCheckFailure)', async () => {
  const { clock, asked, healths } = probing({ startupProbe: startup })
  await clock.advance(3_500)
  expect(healths.at(-1)?.failed).toBe('startup')
  const before = asked.length
  await clock.advance(5_000)
  expect(asked.length).toBe(before)
})

test('so does a liveness probe', async () => {
  const { clock, answers, healths } = probing({ livenessProbe: liveness })
  answers.liveness = SUCCESS
  await clock.advance(1_500)
  answers.liveness = failure('hangs')
  await clock.advance(2_000)
  expect(healths).toEqual([{ isStarted: true, isReady: false, failed: 'liveness' }])
})

test('readiness comes and goes', async () => {
  const { clock, answers, healths } = probing({ readinessProbe: readiness })
  answers.readiness = SUCCESS
  await clock.advance(10)
  answers.readiness = failure('busy')
  await clock.advance(2_000)
  answers.readiness = SUCCESS
  await clock.advance(1_000)
  expect(healths.map(({ isReady }) => isReady)).toEqual([true, false, true])
})

test('an error of ours says nothing of the container', async () => {
  const { clock, answers, healths, told } = probing({ livenessProbe: liveness })
  answers.liveness = { kind: 'unknown', message: 'port web not found' }
  await clock.advance(5_000)
  expect(healths).toEqual([])
  expect(told[0]).toContain('Liveness probe errored and resulted in unknown state: port web not found')
})

test('what an earlier agent knew stays true until it fails; the questions come spread over the period', async () => {
  const { clock, asked, healths } = probing({ readinessProbe: readiness }, { isStarted: true, isReady: true })
  await clock.advance(499)
  expect(asked).toEqual([])
  await clock.advance(1_100)
  expect(asked).toEqual(['readiness 500', 'readiness 1500'])
  expect(healths).toEqual([{ isStarted: true, isReady: false }])
})

test('while its pod ends only readiness is asked; once stopped, nothing', async () => {
  const { clock, answers, asked, probed } = probing({ readinessProbe: readiness, livenessProbe: liveness })
  answers.readiness = SUCCESS
  answers.liveness = SUCCESS
  await clock.advance(10)
  probed.wane()
  asked.length = 0
  await clock.advance(1_000)
  expect(asked).toEqual(['readiness 1000'])
  probed.stop()
  await clock.advance(5_000)
  expect(asked.length).toBe(1)
})
