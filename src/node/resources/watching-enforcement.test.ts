import { spawn } from 'node:child_process'
import { getPriority } from 'node:os'
import { expect, test } from 'vitest'
import type { Container } from '../../kube/core.ts'
import { createManualClock } from '../manual-clock.ts'
import type { ProcessEntry } from './process-table.ts'
import { createWatchingEnforcement, niceOf } from './watching-enforcement.ts'

/** Numbers that no process has, so that nothing is known of them but this. */
const WRAPPER = 90_000_001
const entry = (pid: number, parent: number, residentBytes: number): ProcessEntry => ({
  pid,
  parent,
  residentBytes,
  cpuSeconds: 1,
})
const limited = (memory: string): Container => ({ name: 'c', resources: { limits: { memory } } })

function watched() {
  const clock = createManualClock()
  let rows: readonly ProcessEntry[] = []
  let looks = 0
  const readTable = () => {
    looks++
    return new Map(rows.map(each => [each.pid, each]))
  }
  const enforcement = createWatchingEnforcement({ clock, limitation: 'a test', readTable, hasProc: true })
  const group = enforcement.open('p')
  const kills: string[] = []
  const begin = (name: string, memory: string, pid = WRAPPER) => {
    const container = group.container(name)
    container.bound(limited(memory))
    container.began({ wrapperPid: () => pid, kill: () => void kills.push(name) })
    return container
  }
  return {
    clock,
    group,
    kills,
    begin,
    set: (...next: ProcessEntry[]) => {
      rows = next
    },
    looks: () => looks,
  }
}

test('a container over its limit is killed, counting all that it started, and it is known why', async () => {
  const { clock, kills, begin, set } = watched()
  set(entry(WRAPPER, 1, 1e6), entry(WRAPPER + 1, WRAPPER, 40e6), entry(WRAPPER + 2, WRAPPER + 1, 40e6))
  const container = begin('c-0', '100M')
  await clock.advance(1_000)
  expect(kills).toEqual([])
  set(entry(WRAPPER, 1, 1e6), entry(WRAPPER + 1, WRAPPER, 60e6), entry(WRAPPER + 2, WRAPPER + 1, 60e6))
  await clock.advance(500)
  expect(kills).toEqual(['c-0'])
  expect(container.wasOutOfMemory()).toBe(true)
  await clock.advance(10_000)
  expect(kills).toEqual(['c-0'])
})

test('nobody looks while nobody has a limit', async () => {
  const { clock, group, begin, looks } = watched()
  group.container('free-0').bound({ name: 'free' })
  await clock.advance(60_000)
  expect(looks()).toBe(0)
  begin('c-0', '1G')
  group.drop('c-0')
  const before = looks()
  await clock.advance(60_000)
  expect(looks()).toBe(before)
})

test('a limit that is raised or lowered later holds from then on', async () => {
  const { clock, kills, begin, set } = watched()
  set(entry(WRAPPER, 1, 50e6))
  const container = begin('c-0', '100M')
  container.bound(limited('40M'))
  await clock.advance(1_000)
  expect(kills).toEqual(['c-0'])
})

test('usage is that of the family of processes', () => {
  const { begin, set } = watched()
  const container = begin('c-0', '1G')
  set(entry(WRAPPER, 1, 1e6), entry(WRAPPER + 1, WRAPPER, 2e6), entry(77, 1, 5e9))
  expect(container.usage()).toEqual({ cpuSeconds: 2, memoryBytes: 3e6 })
})

test.each([
  { shares: 2048, nice: 0 },
  { shares: 1024, nice: 0 },
  { shares: 512, nice: 3 },
  { shares: 102, nice: 10 },
  { shares: 2, nice: 19 },
])('$shares shares are nice value $nice', ({ shares, nice }) => expect(niceOf(shares)).toBe(nice))

test('a process gets the nice value of its request', async () => {
  const enforcement = createWatchingEnforcement({ clock: createManualClock(), limitation: 'a test' })
  const child = spawn('sleep', ['10'])
  const ended = new Promise(resolve => child.on('exit', resolve))
  const container = enforcement.open('p').container('c-0')
  container.bound({ name: 'c', resources: { requests: { cpu: '100m' } } })
  container.began({ wrapperPid: () => child.pid, kill() {} })
  expect(getPriority(child.pid)).toBe(process.platform === 'linux' ? 10 : 0)
  child.kill()
  await ended
})
