/** Volumes and distinct nodes against known answers (testvectors.json: moe_dispatch_volume, moe_node_dedup), times against measurements. */
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { spanOf } from '../../fleet/span.ts'
import type { Dispatcher } from '../../training/layout.ts'
import { type DispatchInput, dispatchSeconds } from './dispatch-seconds.ts'
import { allGatherBytes, allToAllBytes, onceANodeBytes } from './dispatch-volume.ts'
import { runsOn } from './dispatcher-support.ts'
import { distinctNodes } from './distinct-nodes.ts'
import { boxes, type Machine, racks } from './measured-machines.test-data.ts'

test.each([
  [8, 8, 4096, 7168, 411041792, 411041792],
  [8, 2, 4096, 4096, 234881024, 58720256],
  [64, 8, 4096, 7168, 3699376128, 462422016],
  [4, 8, 8192, 2048, 100663296, 201326592],
])('over %i ranks with %i experts a token', (ranks, topK, tokens, hidden, gathered, sent) => {
  const dispatched = { tokens, hidden, topK, elementBytes: 2 }
  expect(allGatherBytes(dispatched, ranks)).toBe(gathered)
  expect(allToAllBytes(dispatched, ranks)).toBe(sent)
})

test.each([
  [256, 8, 8, 5.294652000382479],
  [256, 8, 4, 3.614214305566513],
  [256, 8, 2, 1.9930201154318212],
  [128, 8, 4, 3.6290109244257005],
  [128, 8, 8, 5.339356895383487],
  [8, 2, 2, 1.5714285714285714],
])('%i experts, %i a token, lie on %i nodes: a token goes to %d of them', (experts, topK, nodes, expected) =>
  expect(distinctNodes(experts, topK, nodes)).toBeCloseTo(expected, 9),
)

test('a limit on groups keeps a token to few nodes', () => {
  const routing = { groups: 8, limit: 4 }
  const limited = distinctNodes(256, 8, 8, routing)
  expect(limited).toBeLessThan(4)
  expect(limited).toBeGreaterThan(3.5)
  expect(distinctNodes(256, 8, 16, routing)).toBeGreaterThan(limited)
  expect(distinctNodes(256, 8, 8, { groups: 8, limit: 8 })).toBe(distinctNodes(256, 8, 8))
  expect(onceANodeBytes({ tokens: 1, hidden: 1, topK: 8, elementBytes: 2 }, limited)).toBe(2 * limited)
})

const deepSeek: DispatchInput = { tokens: 4096, hidden: 7168, topK: 8, experts: 256, elementBytes: 2, imbalance: 1 }

const roundTrip = (
  dispatcher: Dispatcher,
  fleet: ReturnType<typeof boxes>,
  ranks: number,
  input = deepSeek,
): number => {
  const { dispatch, combine } = dispatchSeconds(
    dispatcher,
    input,
    spanOf(fleet, { size: ranks, stride: 1 }),
    fleet.pools[0]!,
    fleet,
  )
  return (dispatch + combine) * 1e6
}

test.each([
  ['A100', 3972, [620, 1139, 2124, 3102, 4076]],
  ['H100', 2467, [396, 717, 1350, 1986, 2621]],
  ['B200', 1345, [255, 427, 778, 1127, 1473]],
] as const)(
  'on 8 %s there and back take what NCCL was measured to take, within 8 %%',
  (system, gathered, exchanged) => {
    const fleet = boxes(system)
    expect(Math.abs(roundTrip('allgather', fleet, 8) / gathered - 1)).toBeLessThan(0.08)
    for (const [i, topK] of [1, 2, 4, 6, 8].entries())
      expect(
        Math.abs(roundTrip('alltoall', fleet, 8, { ...deepSeek, topK }) / exchanged[i]! - 1),
        `top ${topK}`,
      ).toBeLessThan(0.08)
  },
)

test.each(['A100', 'H100', 'B200'] as const)(
  'on 8 %s gathering wins with 8 experts a token, exchanging with 6',
  system => {
    const fleet = boxes(system)
    expect(roundTrip('allgather', fleet, 8)).toBeLessThan(roundTrip('alltoall', fleet, 8) * 1.01)
    const six = { ...deepSeek, topK: 6 }
    const gain = 1 - roundTrip('alltoall', fleet, 8, six) / roundTrip('allgather', fleet, 8, six)
    expect(gain).toBeGreaterThan(0.1)
    expect(gain).toBeLessThan(0.3)
  },
)

test.each([
  ['HybridEP on two boxes', 'hybridep', boxes('H100', 2), 16, 128, 4345],
  ['HybridEP on four boxes', 'hybridep', boxes('H100', 4), 32, 256, 8515],
  ['HybridEP on eight boxes', 'hybridep', boxes('H100', 8), 64, 512, 14140],
  ['HybridEP on 8 of a rack', 'hybridep', racks('GB200', 1), 8, 64, 1173],
  ['HybridEP on 36 of a rack', 'hybridep', racks('GB200', 1), 36, 288, 1950],
] as const)('%s takes what its authors measured, within 16 %%', (_, dispatcher, fleet, ranks, experts, measured) =>
  expect(Math.abs(roundTrip(dispatcher, fleet, ranks, { ...deepSeek, experts }) / measured - 1)).toBeLessThan(0.16),
)

test('one copy a node beats a copy an expert as soon as there are two nodes', () => {
  for (const nodes of [2, 4, 8]) {
    const fleet = boxes('H100', nodes)
    expect(roundTrip('deepep', fleet, 8 * nodes)).toBeLessThan(roundTrip('alltoall', fleet, 8 * nodes))
  }
})

test('all wait for the most loaded rank; alone, nobody waits', () => {
  const fleet = boxes('H100', 2)
  expect(
    roundTrip('alltoall', fleet, 16, { ...deepSeek, imbalance: 1.5 }) / roundTrip('alltoall', fleet, 16),
  ).toBeGreaterThan(1.4)
  expect(roundTrip('deepep', fleet, 1)).toBe(0)
})

const file = resolve(import.meta.dirname, '../../../../../shared/planner/data/kernels/moe-dispatch.csv.gz')
test.skipIf(!existsSync(file))(
  'DeepEP with 20 processors is within 6 % (median) of 400 measurements on an H100 box',
  () => {
    const fleet = boxes('H100')
    const span = spanOf(fleet, { size: 8, stride: 1 })
    const errors = gunzipSync(readFileSync(file))
      .toString()
      .split('\n')
      .flatMap(line => {
        const [device, software, backend, phase, , nodes, , hidden, topK, experts, tokens, processors, us] = line.split(
          ',',
        ) as string[]
        if (device !== 'h100_sxm' || software !== 'sglang-0.5.12' || backend !== 'deepep-normal' || nodes !== '1')
          return []
        if (processors !== '20' || Number(tokens) < 1024) return []
        const input = {
          tokens: +tokens!,
          hidden: +hidden!,
          topK: +topK!,
          experts: +experts!,
          elementBytes: 1,
          combineBytes: 2,
          imbalance: 1,
        }
        const time = dispatchSeconds('deepep', input, span, fleet.pools[0]!, fleet)
        return [Math.abs((time[phase as 'dispatch' | 'combine'] * 1e6) / Number(us) - 1)]
      })
      .sort((a, b) => a - b)
    expect(errors.length).toBeGreaterThan(250)
    expect(errors[errors.length >> 1]).toBeLessThan(0.06)
  },
)

test.each<[Dispatcher, Machine, boolean]>([
  ['deepep', 'A100', false],
  ['hybridep', 'H100', true],
  ['alltoall', 'A100', true],
])('%s on %s: %s', (dispatcher, machine, expected) =>
  expect(runsOn(dispatcher, boxes(machine).pools[0]!.device)).toBe(expected),
)
