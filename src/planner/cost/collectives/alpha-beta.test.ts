/** The textbook's costs: what was computed from MPICH's comments (testvectors.json: collectives_alpha_beta), and where the algorithms cross. */
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import {
  binomialBroadcast,
  bruckAllToAll,
  doublingAllGather,
  doublingAllReduce,
  halvingReduceScatter,
  pairwiseAllToAll,
  rabenseifnerAllReduce,
  ringAllGather,
  ringAllReduce,
  scatterGatherBroadcast,
} from './alpha-beta.ts'

const link = { alpha: 5e-6, beta: 1 / 50e9, gamma: 0 }

test.each([
  [4, 8192, 3.0245760000000005e-5, 1.0327680000000001e-5, 2.0245760000000002e-5, 1.5122880000000002e-5],
  [8, 1048576, 0.00010670016, 7.791456e-5, 6.670016e-5, 5.335008e-5],
  [16, 268435456, 0.0102163296, 0.021494836479999998, 0.0101063296, 0.0051081648],
  [64, 8192, 0.00063032256, 3.098304e-5, 6.032256000000001e-5, 0.00031516128],
])(
  '%i ranks and %i bytes: all-reduce by ring, doubling, Rabenseifner; all-gather by ring',
  (q, n, ring, doubling, rabenseifner, gather) => {
    expect(ringAllReduce(q, n, link)).toBeCloseTo(ring, 12)
    expect(doublingAllReduce(q, n, link)).toBeCloseTo(doubling, 12)
    expect(rabenseifnerAllReduce(q, n, link)).toBeCloseTo(rabenseifner, 12)
    expect(ringAllGather(q, n, link)).toBeCloseTo(gather, 12)
  },
)

test.each([
  [8, 8192, 1.5143360000000002e-5, 3.5163840000000007e-5, 1.5245760000000003e-5, 1.549152e-5, 5.028672e-5],
  [64, 268435456, 0.00531482304, 0.00568370912, 0.01613612736, 0.032242254719999995, 0.01091464608],
])(
  '%i ranks and %i bytes: scatter, exchange pairwise and by Bruck, broadcast two ways',
  (q, n, halving, pairwise, bruck, binomial, scatter) => {
    expect(halvingReduceScatter(q, n, link)).toBeCloseTo(halving, 12)
    expect(doublingAllGather(q, n, link)).toBeCloseTo(halving, 12)
    expect(pairwiseAllToAll(q, n, link)).toBeCloseTo(pairwise, 12)
    expect(bruckAllToAll(q, n, link)).toBeCloseTo(bruck, 12)
    expect(binomialBroadcast(q, n, link)).toBeCloseTo(binomial, 12)
    expect(scatterGatherBroadcast(q, n, link)).toBeCloseTo(scatter, 12)
  },
)

test.each([
  [8, 2.2e6, 2e6],
  [64, 7441860.465, 7.125e6],
])('with %i ranks a ring wins from %i bytes and pairwise exchange from %i', (q, reduce, exchange) => {
  expect(ringAllReduce(q, reduce, link) / doublingAllReduce(q, reduce, link)).toBeCloseTo(1, 6)
  expect(pairwiseAllToAll(q, exchange, link) / bruckAllToAll(q, exchange, link)).toBeCloseTo(1, 6)
})

test('Rabenseifner pays two messages and a copy more when the ranks are no power of two', () => {
  expect(rabenseifnerAllReduce(6, 0, link)).toBeCloseTo(6 * link.alpha, 12)
  expect(rabenseifnerAllReduce(6, 50e9, { ...link, alpha: 0 })).toBeCloseTo(2 * (5 / 6) + 2, 9)
})

const file = resolve(import.meta.dirname, '../../../../../shared/planner/data/testvectors.json')
type Costs = Readonly<Record<string, number>>
const rows: readonly Costs[] = existsSync(file)
  ? JSON.parse(readFileSync(file, 'utf8')).collectives_alpha_beta.rows
  : []

test.skipIf(rows.length === 0)('every known answer is reproduced', () => {
  const costs: Readonly<Record<string, (q: number, n: number, on: typeof link) => number>> = {
    ar_ring: ringAllReduce,
    ar_rec_doubling: doublingAllReduce,
    ar_rabenseifner: rabenseifnerAllReduce,
    ag_ring: ringAllGather,
    ag_bruck: doublingAllGather,
    rs_halving: halvingReduceScatter,
    a2a_pairwise: pairwiseAllToAll,
    a2a_bruck: bruckAllToAll,
    bcast_binomial: binomialBroadcast,
    bcast_scatter_ag: scatterGatherBroadcast,
  }
  for (const row of rows)
    for (const [name, cost] of Object.entries(costs))
      expect(cost(row.p!, row.bytes!, link), `${name} of ${row.p} ranks`).toBeCloseTo(row[name]!, 12)
})
