import { expect, test } from 'vitest'
import type { NodeUsage } from '../../client/node-api.ts'
import { hasRates, type Looks, nodeRate, podRates, withLook } from './rates.ts'

const MI = 1 << 20

interface Container {
  readonly cpu: number
  readonly since?: number
}

function look(at: number, nodeCpu: number, containers: Readonly<Record<string, Container>> = {}): NodeUsage {
  const rows = Object.entries(containers).map(([name, { cpu, since = 0 }]) => ({
    name,
    startedAt: since,
    cpuSeconds: cpu,
    memoryBytes: 10 * MI,
  }))
  const pods = rows.length > 0 ? [{ uid: 'u', namespace: 'ns', name: 'p', containers: rows }] : []
  return { at, node: { startedAt: 0, cpuSeconds: nodeCpu, memoryBytes: 99 * MI }, pods }
}

const after = (...looks: NodeUsage[]): Looks => looks.reduce<Looks>(withLook, [])

test('one look is no rate, nor are two that are too close', () => {
  expect(hasRates(after(look(100_000, 5)))).toBe(false)
  expect(hasRates(after(look(100_000, 5), look(100_100, 5)))).toBe(false)
  expect(nodeRate(after(look(100_000, 5)))).toBeUndefined()
})

test('cores are seconds of processor time a second', () => {
  const looks = after(look(100_000, 50), look(110_000, 65))
  expect(nodeRate(looks)).toEqual({ at: 110_000, windowMs: 10_000, cores: 1.5, memoryBytes: 99 * MI })
})

test('of several looks the one a quarter of a minute ago is compared with', () => {
  const looks = after(look(100_000, 0), look(116_000, 16), look(130_000, 58), look(131_000, 61))
  expect(nodeRate(looks)).toMatchObject({ windowMs: 15_000, cores: 3 })
})

test('what is older than a minute is forgotten', () => {
  expect(after(look(1_000, 0), look(100_000, 0)).map(({ at }) => at)).toEqual([100_000])
})

test('each container has its rate', () => {
  const looks = after(
    look(100_000, 0, { a: { cpu: 1 }, b: { cpu: 4 } }),
    look(110_000, 0, { a: { cpu: 3 }, b: { cpu: 4 } }),
  )
  expect(podRates(looks)).toEqual([
    {
      namespace: 'ns',
      name: 'p',
      at: 110_000,
      windowMs: 10_000,
      containers: [
        { name: 'a', cores: 0.2, memoryBytes: 10 * MI },
        { name: 'b', cores: 0, memoryBytes: 10 * MI },
      ],
    },
  ])
})

test('a container that began since is counted from its beginning', () => {
  const looks = after(look(100_000, 0), look(110_000, 0, { a: { cpu: 2, since: 106_000 } }))
  expect(podRates(looks)[0]).toMatchObject({ windowMs: 4_000, containers: [{ cores: 0.5 }] })
})

test('one that restarted is not compared with the life before', () => {
  const looks = after(look(100_000, 0, { a: { cpu: 90 } }), look(110_000, 0, { a: { cpu: 1, since: 105_000 } }))
  expect(podRates(looks)[0]).toMatchObject({ windowMs: 5_000, containers: [{ cores: 0.2 }] })
})

test('a pod with a container that is too young is left out', () => {
  const looks = after(
    look(100_000, 0, { a: { cpu: 1 } }),
    look(110_000, 0, { a: { cpu: 2 }, b: { cpu: 0, since: 109_900 } }),
  )
  expect(podRates(looks)).toEqual([])
})
