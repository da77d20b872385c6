/** NCCL's choice against a port of its source, run on the graphs of real logs (planner/data/testvectors.json: nccl_tuning_model). */
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import type { TunedGeneration } from './data/nccl-tables.ts'
import {
  type Communicator,
  type Graph,
  type TunedAlgorithm,
  type TunedOp,
  tunedChoices,
  tunerFor,
} from './nccl-tuning.ts'

const H100: Communicator = {
  generation: 'hopper',
  nodes: 1,
  ranks: 8,
  graphs: {
    Ring: { channels: 12, intra: 30, inter: 30 },
    Tree: { channels: 12, intra: 30, inter: 30 },
    NVLS: { channels: 8, intra: 40, inter: 60 },
  },
  cpu: 'intel',
  intraLink: 'nvlink',
  networkLatency: 0,
  hasLl128: true,
  hasCollNet: false,
}
const four: Communicator = {
  ...H100,
  nodes: 4,
  ranks: 32,
  graphs: {
    Ring: { channels: 16, intra: 24, inter: 24 },
    Tree: { channels: 16, intra: 24, inter: 24 },
    NVLSTree: { channels: 16, intra: 20, inter: 24 },
  },
}

test.each<[string, Communicator, TunedOp, number, string, number]>([
  ['a small message in a node', H100, 'all-reduce', 8192, 'Ring LL', 15.102],
  ['a large one adds up in the NVLink switch', H100, 'all-reduce', 8388608, 'NVLS Simple', 55.84],
  ['gathering stays on the ring', H100, 'all-gather', 8388608, 'Ring LL128', 49.462],
  ['a large gathering with all of the bandwidth', H100, 'all-gather', 67108864, 'Ring Simple', 195.312],
  ['between nodes a tree while latency counts', four, 'all-reduce', 65536, 'Tree LL', 45.908],
  ['then with LL128', four, 'all-reduce', 8388608, 'Tree LL128', 121.784],
  ['then in the switches of each node', four, 'all-reduce', 67108864, 'NVLSTree Simple', 447.203],
])('NCCL takes for %s', (_, comm, op, bytes, choice, microseconds) => {
  const { tuned, time } = tunerFor(op, comm).choose(bytes)
  expect(`${tuned.algorithm} ${tuned.protocol}`).toBe(choice)
  expect(time).toBeCloseTo(microseconds, 2)
})

interface Vector {
  readonly name: string
  readonly compCap: number
  readonly nNodes: number
  readonly nRanks: number
  readonly graphs: Readonly<Record<string, { ch: number; bwIntra: number; bwInter: number }>>
  readonly latency_us_and_algbw: Readonly<Record<string, readonly [number, number]>>
  readonly choices: readonly (readonly [string, number, string, string, number])[]
}
const file = resolve(import.meta.dirname, '../../../../../shared/planner/data/testvectors.json')
const vectors: readonly Vector[] = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).nccl_tuning_model.rows : []
const OPS: Readonly<Record<string, TunedOp>> = {
  AllReduce: 'all-reduce',
  AllGather: 'all-gather',
  ReduceScatter: 'reduce-scatter',
  Broadcast: 'broadcast',
}
const GENERATIONS: Readonly<Record<number, TunedGeneration>> = { 80: 'ampere', 90: 'hopper', 100: 'blackwell' }

const communicator = (vector: Vector): Communicator => ({
  ...H100,
  generation: GENERATIONS[vector.compCap]!,
  nodes: vector.nNodes,
  ranks: vector.nRanks,
  graphs: Object.fromEntries(
    Object.entries(vector.graphs).map(([name, g]): [string, Graph] => [
      name,
      { channels: g.ch, intra: g.bwIntra, inter: g.bwInter },
    ]),
  ) as Partial<Record<TunedAlgorithm, Graph>>,
})

test.skipIf(vectors.length === 0)('every latency, bandwidth and choice of the port of NCCL is reproduced', () => {
  for (const vector of vectors) {
    const comm = communicator(vector)
    for (const [key, [latency, bandwidth]] of Object.entries(vector.latency_us_and_algbw)) {
      const [op, algorithm, protocol] = key.split('/')
      const own = tunedChoices(OPS[op!]!, comm).find(c => c.algorithm === algorithm && c.protocol === protocol)
      expect(own?.latency, `${vector.name} ${key}`).toBeCloseTo(latency, 3)
      expect(own?.bandwidth, `${vector.name} ${key}`).toBeCloseTo(bandwidth, 3)
    }
    for (const [op, bytes, algorithm, protocol, microseconds] of vector.choices) {
      const { tuned, time } = tunerFor(OPS[op]!, comm).choose(bytes)
      expect(`${tuned.algorithm} ${tuned.protocol}`, `${vector.name} ${op} ${bytes}`).toBe(`${algorithm} ${protocol}`)
      expect(time).toBeCloseTo(microseconds, 2)
    }
  }
})
