/**
 * Memory against the published peaks: `node scripts/run-ts.js bench/planner/memory-rows.ts [ROWS.jsonl ...]`. One line a row with a peak or
 * an out-of-memory, then per group the error; and how many runs that fitted we would call impossible.
 */
import { readFileSync } from 'node:fs'
import { predictMemory } from '../../src/planner/cost/memory/memory.ts'
import { leastBytes } from '../../src/planner/cost/memory/reserved.ts'
import type { MemoryPrediction, StepInput } from '../../src/planner/cost/prediction.ts'
import { inFlight } from '../../src/planner/schedule/in-flight.ts'
import { readRow } from './rows/read-row.ts'
import type { Row } from './rows/row.ts'

const DATA = '../shared/planner/data'
const GIB = 2 ** 30

/** SimuMax prints what PyTorch allocated, and so do NeMo's logs; torchtitan's pages (also where they write GB) GiB of reserved memory. */
function published(row: Row): { readonly bytes: number; readonly quantity: 'allocated' | 'reserved' } | undefined {
  const { peak_mem_gb: peak, peak_mem_unit: unit } = row.measured ?? {}
  if (!peak) return undefined
  const isBinary = row.source_group === 'torchtitan' || /GiB/.test(unit ?? '')
  return { bytes: peak * (isBinary ? GIB : 1e9), quantity: /allocated/.test(unit ?? '') ? 'allocated' : 'reserved' }
}

function stagesOf(input: StepInput): readonly MemoryPrediction[] {
  const { layout, workload } = input
  const microBatches = Math.max(1, Math.round(workload.globalBatch / layout.data / layout.microBatch))
  const shape = { pipeline: layout.pipeline, chunks: layout.chunks, microBatches }
  return predictMemory(
    input,
    Array.from({ length: layout.pipeline }, (_, rank) => inFlight(layout.schedule, rank, shape)),
  )
}

interface Group {
  readonly errors: number[]
  fitted: number
  impossible: number
  skipped: number
}

const files = process.argv.slice(2)
const rows = (files.length > 0 ? files : [`${DATA}/rows.jsonl`, `${DATA}/rows-vtrain-single-node.jsonl`]).flatMap(
  file =>
    readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as Row),
)
const groups = new Map<string, Group>()
for (const row of rows) {
  const group = groups.get(row.source_group) ?? { errors: [], fitted: 0, impossible: 0, skipped: 0 }
  groups.set(row.source_group, group)
  const read = readRow(row)
  const truth = published(row)
  if ('skipped' in read) {
    group.skipped++
    if (truth || row.status === 'oom') console.log(`${''.padStart(8)}  ${row.id}: skipped, ${read.skipped}`)
    continue
  }
  const { input } = read
  const stages = stagesOf(input)
  const capacity = Math.min(...input.fleet.pools.map(pool => pool.device.memoryBytes))
  const share = Math.max(...stages.map(stage => leastBytes(stage, input.software))) / capacity
  if (row.status === 'oom') {
    console.log(`${share > 1 ? '     oom' : '  MISSED'}  ${row.id}: needs ${share.toFixed(2)} of the device`)
    continue
  }
  group.fitted++
  if (share > 1) {
    group.impossible++
    console.log(
      `IMPOSSIBLE ${row.id}: needs ${share.toFixed(2)} of ${(capacity / GIB).toFixed(1)} GiB; recompute ${row.recompute}`,
    )
  }
  if (!truth) continue
  const most = Math.max(...stages.map(stage => stage[truth.quantity]))
  const error = most / truth.bytes - 1
  group.errors.push(Math.abs(error))
  console.log(
    `${(100 * error).toFixed(2).padStart(7)}%  ${row.id}: ${truth.quantity} ${(truth.bytes / GIB).toFixed(2)} GiB, predicted ${(most / GIB).toFixed(2)}`,
  )
}

console.log()
for (const [name, { errors, fitted, impossible, skipped }] of groups) {
  errors.sort((a, b) => a - b)
  const mean = errors.reduce((sum, e) => sum + e, 0) / errors.length
  const percent = (share: number | undefined): string => (100 * (share ?? 0)).toFixed(2)
  const accuracy =
    errors.length === 0
      ? 'no peak published'
      : `${errors.length} peaks: mean ${percent(mean)} %, median ${percent(errors[errors.length >> 1])} %, max ${percent(errors.at(-1))} %`
  console.log(`${name}: ${accuracy}; ${impossible} of ${fitted} that fitted called impossible; ${skipped} skipped`)
}
