/** Times of collectives: measured ones where there are, and what must hold anywhere. */

import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Fleet } from '../../fleet/fleet.ts'
import { spanOf } from '../../fleet/span.ts'
import { busBytesPerSecond, busFactor } from './bus-bandwidth.ts'
import type { CollectiveOp } from './collective.ts'
import { collectiveSeconds } from './collective-seconds.ts'
import { boxes, fleetOf, type Machine, racks } from './measured-machines.test-data.ts'

const MIB = 1 << 20
const OPS: readonly CollectiveOp[] = ['all-reduce', 'all-gather', 'reduce-scatter', 'all-to-all', 'send']

const take = (op: CollectiveOp, bytes: number, fleet: Fleet, size: number, stride = 1) =>
  collectiveSeconds(op, bytes, spanOf(fleet, { size, stride }), fleet.pools[0]!, fleet)
const bus = (op: CollectiveOp, bytes: number, fleet: Fleet, size: number, stride = 1): number =>
  busBytesPerSecond(op, size, bytes, take(op, bytes, fleet, size, stride).seconds) / 1e9

test('bus bandwidth is what nccl-tests prints', () => {
  expect(busFactor('all-reduce', 8)).toBe(1.75)
  expect(busFactor('all-to-all', 8)).toBe(0.875)
  expect(busBytesPerSecond('all-reduce', 8, 536870912, 4218.4e-6) / 1e9).toBeCloseTo(222.72, 1)
})

test.each<[Machine, CollectiveOp, number, number]>([
  ['A100', 'all-reduce', 512 * MIB, 4225.9],
  ['A100', 'all-gather', 32 * MIB, 217.6],
  ['H100', 'all-reduce', 32 * MIB, 199.8],
  ['H100', 'all-gather', 512 * MIB, 1401.5],
  ['H100', 'reduce-scatter', 128 * MIB, 382.2],
  ['H100', 'all-to-all', 32 * MIB, 124.9],
  ['H100', 'all-reduce', 8192, 16],
  ['B200', 'all-reduce', 512 * MIB, 1334.6],
  ['B200', 'all-to-all', 512 * MIB, 834.2],
])('8 %s: %s of %i bytes within 12 %% of NCCL', (machine, op, bytes, microseconds) =>
  expect(Math.abs((take(op, bytes, boxes(machine), 8).seconds * 1e6) / microseconds - 1)).toBeLessThan(0.12),
)

test.each<[number, number]>([
  [1024 * MIB, 463.58],
  [4096 * MIB, 473.1],
  [16384 * MIB, 482.26],
])('8 H200: all-reduce of %i bytes, beyond what was fitted, within 3 %% of %d GB/s', (bytes, measured) =>
  expect(Math.abs(bus('all-reduce', bytes, boxes('H200'), 8) / measured - 1)).toBeLessThan(0.03),
)

test('hierarchy: 4 GiB over 4 x 8 B200 takes the measured 22 ms, between its phases together and its longest', () => {
  const { seconds } = take('all-reduce', 4096 * MIB, boxes('B200', 4), 32)
  expect(Math.abs(seconds / 22.05e-3 - 1)).toBeLessThan(0.05)
  expect(seconds).toBeLessThan(16.1e-3 + 10.15e-3)
  expect(seconds).toBeGreaterThan(16.1e-3)
})

test('a strided group of a node each gets a NIC a rank, a consecutive one all of them: 8 ranks, 7 times apart (A100)', () => {
  const fleet = boxes('A100', 8)
  const inside = bus('all-reduce', 1024 * MIB, fleet, 8)
  const across = bus('all-reduce', 1024 * MIB, fleet, 8, 8)
  expect(inside / across).toBeGreaterThan(6)
  // Half of the ranks in each of two nodes: four NICs for the group.
  const halves = bus('all-reduce', 1024 * MIB, boxes('A100', 2), 8, 2)
  expect(halves).toBeGreaterThan(2 * across)
  expect(halves).toBeLessThan(inside)
})

test('a rack of 72 is fast throughout, and leaves at its NICs together', () => {
  const two = racks('GB200', 2)
  expect(bus('all-gather', 1024 * MIB, two, 64)).toBeGreaterThan(500)
  expect(bus('all-gather', 4096 * MIB, two, 144)).toBeGreaterThan(500)
  expect(bus('all-gather', 1024 * MIB, two, 2, 72)).toBeLessThan(50)
})

test('NCCL takes rings, trees and switches where it does', () => {
  const names = (op: CollectiveOp, bytes: number, fleet: Fleet, size: number, stride = 1) =>
    take(op, bytes, fleet, size, stride).algorithm
  expect(names('all-reduce', 64 * MIB, boxes('H100'), 8)).toBe('NVLS')
  expect(names('all-reduce', 64 * MIB, boxes('H200'), 4)).toBe('Ring')
  expect(names('all-reduce', 64 * MIB, boxes('A100'), 8)).toBe('Ring')
  expect(names('all-reduce', 65536, boxes('H100', 4), 32)).toBe('Tree')
  expect(names('all-gather', 1024 * MIB, boxes('H100', 4), 32)).toBe('Ring')
  expect(names('all-gather', 8 * MIB, boxes('H100', 512), 512, 8)).toBe('PAT')
  expect(names('all-to-all', 64 * MIB, boxes('H100', 4), 32)).toBe('Pairwise')
  expect(names('all-reduce', 64 * MIB, boxes('H100', 4), 1)).toBe('None')
})

test('an algorithm that is asked for is taken, and is no faster than the one that NCCL takes', () => {
  const fleet = boxes('H100', 16)
  const span = spanOf(fleet, { size: 128, stride: 1 })
  const own = collectiveSeconds('all-reduce', MIB, span, fleet.pools[0]!, fleet)
  const ring = collectiveSeconds('all-reduce', MIB, span, fleet.pools[0]!, fleet, 'Ring')
  expect(own.algorithm).toBe('Tree')
  expect(ring.algorithm).toBe('Ring')
  expect(ring.seconds).toBeGreaterThan(2 * own.seconds)
  const inside = spanOf(fleet, { size: 8, stride: 1 })
  const nvls = collectiveSeconds('all-reduce', 64 * MIB, inside, fleet.pools[0]!, fleet)
  expect(collectiveSeconds('all-reduce', 64 * MIB, inside, fleet.pools[0]!, fleet, 'Ring').seconds).toBeGreaterThan(
    nvls.seconds,
  )
})

test('switches that add up halve what an all-reduce sends, and nothing of a gathering', () => {
  const plain = boxes('H100', 16)
  const adding: Fleet = { ...plain, inNetworkReduction: true }
  const gain = (op: CollectiveOp, stride: number) =>
    take(op, 4096 * MIB, plain, 128 / stride, stride).seconds /
    take(op, 4096 * MIB, adding, 128 / stride, stride).seconds
  expect(gain('all-reduce', 8)).toBeGreaterThan(1.7)
  expect(gain('all-gather', 8)).toBeLessThan(1.1)
  expect(take('all-reduce', 4096 * MIB, adding, 16, 8).algorithm).toBe('CollNet')
})

test('oversubscribed switches slow what crosses them: exchanges by the share that leaves, rings hardly, far pairs wholly', () => {
  const fleet = boxes('H100', 64, [{ name: 'leaf', nodes: 32, oversubscription: 4 }])
  const free = boxes('H100', 64)
  const slowdown = (op: CollectiveOp, size: number, stride: number) =>
    take(op, 1024 * MIB, fleet, size, stride).seconds / take(op, 1024 * MIB, free, size, stride).seconds
  expect(slowdown('all-to-all', 512, 1)).toBeCloseTo(2, 1)
  expect(slowdown('all-to-all', 256, 1)).toBe(1)
  expect(slowdown('all-gather', 64, 8)).toBe(1)
  expect(slowdown('all-gather', 2, 256)).toBeCloseTo(4, 1)
  expect(slowdown('send', 2, 256)).toBeCloseTo(4, 1)
})

const anyGroup = fc.record({
  op: fc.constantFrom(...OPS),
  machine: fc.constantFrom<Machine>('A100', 'H100', 'B200'),
  log2Size: fc.integer({ min: 1, max: 9 }),
  log2Stride: fc.integer({ min: 0, max: 3 }),
  log2Bytes: fc.integer({ min: 10, max: 32 }),
})

test('more bytes never take less time, a slower network or links never help', () => {
  fc.assert(
    fc.property(anyGroup, ({ op, machine, log2Size, log2Stride, log2Bytes }) => {
      const [size, stride, bytes] = [op === 'send' ? 2 : 2 ** log2Size, 2 ** log2Stride, 2 ** log2Bytes]
      const nodes = Math.max(1, (size * stride) / 8)
      const own = take(op, bytes, boxes(machine, nodes), size, stride).seconds
      expect(own).toBeGreaterThan(0)
      // NCCL's tree correction jumps from one size to the next: not by more than a fifth.
      expect(take(op, bytes * 2, boxes(machine, nodes), size, stride).seconds).toBeGreaterThan(own * 0.8)
      const { scaleUpBytesPerSecond, nicBytesPerSecond } = boxes(machine).pools[0]!
      const slowNet = fleetOf(machine, { nodes, nicBytesPerSecond: nicBytesPerSecond / 2 })
      const slowLinks = fleetOf(machine, { nodes, scaleUpBytesPerSecond: scaleUpBytesPerSecond / 2 })
      expect(take(op, bytes, slowNet, size, stride).seconds).toBeGreaterThanOrEqual(own * 0.999)
      expect(take(op, bytes, slowLinks, size, stride).seconds).toBeGreaterThanOrEqual(own * 0.999)
    }),
  )
})

test("gathering over ten thousand ranks takes two groups, over hundreds NCCL's ring", () => {
  const gather = (nodes: number) => take('all-gather', 400 * MIB, boxes('H100', nodes), 8 * nodes)
  expect(gather(64).algorithm).toBe('Ring')
  expect(gather(1280).algorithm).toBe('Hierarchical')
  expect(gather(1280).seconds).toBeLessThan(10e-3)
  expect(gather(1280).seconds).toBeGreaterThan(gather(64).seconds)
})

test('a message of 4,096 ranks takes no longer than rings with their hops, and trees grow by the doubling', () => {
  const time = (nodes: number) => take('all-reduce', 256 * MIB, boxes('H100', nodes), nodes * 8).seconds
  const steps = [8, 16, 32, 64, 128, 256, 512].map(time)
  for (let i = 1; i < steps.length; i++) expect(steps[i]! / steps[i - 1]!).toBeLessThan(1.15)
})

const file = resolve(import.meta.dirname, '../../../../../shared/planner/data/microbench-nccl.jsonl')
const NAMES: Readonly<Record<string, CollectiveOp>> = {
  all_reduce: 'all-reduce',
  all_gather: 'all-gather',
  reduce_scatter: 'reduce-scatter',
  alltoall: 'all-to-all',
}
const SYSTEMS: Readonly<Record<string, Machine>> = {
  a100_sxm: 'A100',
  h100_sxm: 'H100',
  h200_sxm: 'H200',
  b200_sxm: 'B200',
  gb200: 'GB200',
}
test.skipIf(!existsSync(file))('3,000 measured collectives of one node: mean error below 6 %', () => {
  let sum = 0
  let count = 0
  for (const line of readFileSync(file, 'utf8').trim().split('\n')) {
    const row = JSON.parse(line) as {
      system: string
      op: string
      gpus: number
      message_elements?: number
      latency_ms: number
    }
    const machine = SYSTEMS[row.system]
    if (!machine || row.message_elements === undefined) continue
    const fleet = machine === 'GB200' ? racks('GB200', 1) : boxes(machine)
    sum += Math.abs(
      (take(NAMES[row.op]!, row.message_elements * 2, fleet, row.gpus).seconds * 1000) / row.latency_ms - 1,
    )
    count++
  }
  expect(count).toBeGreaterThan(2000)
  expect(sum / count).toBeLessThan(0.06)
})
