/**
 * How far the planner's collectives and dispatchers are from what others measured: NCCL in one box, sweeps over several, DeepEP and HybridEP.
 * Only the first and the DeepEP rows of one box were fitted.
 *
 *     node scripts/run-ts.js bench/planner/collectives.ts [../shared/planner/data]
 */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { CollectiveOp } from '../../src/planner/cost/collectives/collective.ts'
import { collectiveSeconds } from '../../src/planner/cost/collectives/collective-seconds.ts'
import { dispatchSeconds } from '../../src/planner/cost/collectives/dispatch-seconds.ts'
import type { Fleet } from '../../src/planner/fleet/fleet.ts'
import { presetFleet } from '../../src/planner/fleet/preset.ts'
import { spanOf } from '../../src/planner/fleet/span.ts'

const folder = process.argv[2] ?? '../shared/planner/data'
const text = (file: string): string => readFileSync(resolve(folder, file), 'utf8')
const errors = new Map<string, number[]>()
const fleets = new Map<string, Fleet>()

const BOXES: Readonly<Record<string, string>> = {
  a100_sxm: 'a100',
  h100_sxm: 'h100',
  h200_sxm: 'h200',
  b200_sxm: 'b200',
  b300_sxm: 'b300',
  gb200: 'gb200',
  gb300: 'gb300',
}
const OPS: Readonly<Record<string, CollectiveOp>> = {
  all_reduce: 'all-reduce',
  all_gather: 'all-gather',
  reduce_scatter: 'reduce-scatter',
  alltoall: 'all-to-all',
}

oneBox()
sweeps()
manyNodes()
deepEp()
print()

function oneBox(): void {
  for (const line of text('microbench-nccl.jsonl').trim().split('\n')) {
    const row = JSON.parse(line) as {
      system: string
      op: string
      gpus: number
      message_elements?: number
      latency_ms: number
    }
    if (row.message_elements === undefined) continue
    const bytes = 2 * row.message_elements
    const own = seconds(OPS[row.op]!, bytes, machines(row.system, 8), row.gpus)
    note(`one domain, ${row.op}, ${bytes < 1 << 20 ? 'below' : 'from'} 1 MiB`, own, row.latency_ms / 1000)
  }
}

/** Bus bandwidths of stas00/ml-engineering. */
function sweeps(): void {
  const { allreduce_sweeps_multi_node: sweep } = JSON.parse(text('measured.json')) as {
    allreduce_sweeps_multi_node: { bytes: readonly number[]; series: Readonly<Record<string, readonly number[]>> }
  }
  for (const [name, busbw] of Object.entries(sweep.series)) {
    const machine = /[HB]200/.exec(name)?.[0].toLowerCase()
    if (!machine) continue
    const ranks = name.startsWith('4x8') ? 32 : 8
    const fleet = machines(`${machine}_sxm`, ranks)
    for (const [i, bytes] of sweep.bytes.entries()) {
      if (bytes < 64 << 20) continue
      const measured = (bytes * 2 * (ranks - 1)) / ranks / (busbw[i]! * 1e9)
      note(`sweep ${name}, from 64 MiB`, seconds('all-reduce', bytes, fleet, ranks), measured)
    }
  }
}

/** SimAI's exchanges through NICs of 48.5 GB/s, 8 a node; its rings are not what NCCL takes for many nodes, and are left out. */
function manyNodes(): void {
  const { simai_busbw_ratio: simai } = JSON.parse(text('measured.json')) as {
    simai_busbw_ratio: { tables: { ata: { rows: readonly (readonly (number | null)[])[] } } }
  }
  for (const [column, nodes] of [
    [2, 2],
    [3, 4],
    [4, 8],
    [5, 16],
  ] as const) {
    const fleet = machines('h100_sxm', 8 * nodes)
    for (const row of simai.tables.ata.rows) {
      const [bytes, ratio] = [row[0], row[column]]
      if (!bytes || !ratio) continue
      const measured = (bytes * (1 - 1 / nodes)) / (48.5e9 * ratio)
      note(`SimAI all-to-all, ${nodes} nodes`, seconds('all-to-all', bytes, fleet, 8 * nodes), measured)
    }
  }
}

function deepEp(): void {
  const file = gunzipSync(readFileSync(resolve(folder, 'kernels/moe-dispatch.csv.gz'))).toString()
  for (const line of file.trim().split('\n').slice(1)) {
    const [device, , backend, phase, , nodes, , hidden, topK, experts, tokens, processors, us] = line.split(
      ',',
    ) as string[]
    if (backend !== 'deepep-normal' || processors !== '20' || Number(tokens) < 1024) continue
    const ranks = Number(nodes) * (device!.startsWith('gb') ? 4 : 8)
    const fleet = machines(device!, ranks)
    const input = {
      tokens: +tokens!,
      hidden: +hidden!,
      topK: +topK!,
      experts: +experts!,
      elementBytes: 1,
      combineBytes: 2,
      imbalance: 1,
    }
    const way = dispatchSeconds('deepep', input, spanOf(fleet, { size: ranks, stride: 1 }), fleet.pools[0]!, fleet)
    note(`DeepEP, ${nodes} nodes, ${phase}`, way[phase as 'dispatch' | 'combine'], Number(us) / 1e6)
  }
}

/** Remembered: what is asked of a fleet twice is computed once. */
function machines(system: string, devices: number): Fleet {
  const name = BOXES[system]!
  const key = name.startsWith('gb') ? `${name}-nvl72x1` : `${name}x${Math.max(8, devices)}`
  const known = fleets.get(key) ?? presetFleet(key)
  fleets.set(key, known)
  return known
}

function seconds(op: CollectiveOp, bytes: number, fleet: Fleet, ranks: number): number {
  return collectiveSeconds(op, bytes, spanOf(fleet, { size: ranks, stride: 1 }), fleet.pools[0]!, fleet).seconds
}

function note(what: string, own: number, measured: number): void {
  const list = errors.get(what) ?? []
  errors.set(what, list)
  list.push(own / measured - 1)
}

function print(): void {
  console.log(`${'what'.padEnd(52)} points  median %    p90 %   bias %`)
  for (const [what, list] of errors) {
    const sizes = list.map(Math.abs).sort((a, b) => a - b)
    const signed = list.toSorted((a, b) => a - b)
    const at = (values: readonly number[], share: number): string =>
      (100 * values[Math.floor(share * (values.length - 1))]!).toFixed(1).padStart(9)
    console.log(
      `${what.padEnd(52)} ${String(list.length).padStart(6)} ${at(sizes, 0.5)}${at(sizes, 0.9)}${at(signed, 0.5)}`,
    )
  }
}
