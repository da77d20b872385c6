/**
 * Fits the curves of collectives inside one scale-up domain to measured NCCL latencies and writes
 * src/planner/cost/collectives/data/scale-up.ts; prints the error of each fit, and of points that were left out one at a time.
 *
 *     node scripts/run-ts.js bench/planner/fit-collectives.ts [../shared/planner/data]
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { busFactor } from '../../src/planner/cost/collectives/bus-bandwidth.ts'
import type { CollectiveOp } from '../../src/planner/cost/collectives/collective.ts'
import { leastSquares } from './least-squares.ts'

interface Row {
  readonly system: string
  readonly op: string
  readonly gpus: number
  readonly message_elements?: number
  readonly latency_ms: number
}
interface Point {
  readonly bytes: number
  readonly microseconds: number
}
/** Microseconds = start + bytes / rate + the sum of rise (1 - exp(-bytes / knee)) over both steps. */
interface Curve {
  readonly start: number
  /** Bytes a microsecond of bus bandwidth, so that groups of any size compare. */
  readonly rate: number
  readonly steps: readonly [Step, Step]
}
interface Step {
  readonly rise: number
  readonly knee: number
}

const OPS: Readonly<Record<string, CollectiveOp>> = {
  all_reduce: 'all-reduce',
  all_gather: 'all-gather',
  reduce_scatter: 'reduce-scatter',
  alltoall: 'all-to-all',
}
const SYSTEMS: Readonly<Record<string, string>> = {
  a100_sxm: 'A100',
  h100_sxm: 'H100',
  h200_sxm: 'H200',
  b200_sxm: 'B200',
  b300_sxm: 'B300',
  gb200: 'GB200',
  gb300: 'GB300',
}
/** Four a factor of ten, 20 kB to 180 MB. */
const KNEES = Array.from({ length: 17 }, (_, i) => 1e4 * 10 ** ((i + 1) / 4))

const folder = process.argv[2] ?? '../shared/planner/data'
const groups = read(resolve(folder, 'microbench-nccl.jsonl'))
const lines: string[] = []
const errors: { all: number[]; large: number[]; leftOut: number[] } = { all: [], large: [], leftOut: [] }

console.log('system op              ranks  points   mean %   >=4 MiB %   left out %')
for (const [key, points] of groups) {
  const [system, op, ranks] = key.split(' ') as [string, CollectiveOp, string]
  const curve = fitCurve(points)
  const own = points.map(point => errorOf(curve, point))
  const large = own.filter((_, i) => points[i]!.bytes >= 4 << 20)
  const leftOut = points.slice(1, -1).map(point => errorOf(fitCurve(points.filter(other => other !== point)), point))
  errors.all.push(...own)
  errors.large.push(...large)
  errors.leftOut.push(...leftOut)
  const show = (values: readonly number[]): string => (100 * mean(values)).toFixed(1).padStart(9)
  console.log(
    `${system.padEnd(6)} ${op.padEnd(14)} ${ranks.padStart(6)} ${String(points.length).padStart(7)}${show(own)}${show(large)}${show(leftOut)}`,
  )
  const rate = curve.rate * busFactor(op, Number(ranks))
  const numbers = [curve.start, rate / 1000, ...curve.steps.flatMap(({ rise, knee }) => [rise, knee])]
  lines.push(`  '${key}': [${numbers.map(round).join(', ')}],`)
}
console.log(
  `all: mean ${(100 * mean(errors.all)).toFixed(1)} %, from 4 MiB ${(100 * mean(errors.large)).toFixed(1)} %, left out ${(100 * mean(errors.leftOut)).toFixed(1)} %`,
)
writeFileSync('src/planner/cost/collectives/data/scale-up.ts', text(lines))

/** Median of the repetitions, by system, op and ranks. */
function read(file: string): ReadonlyMap<string, readonly Point[]> {
  const samples = new Map<string, Map<number, number[]>>()
  for (const line of readFileSync(file, 'utf8').trim().split('\n')) {
    const row = JSON.parse(line) as Row
    if (row.message_elements === undefined || !SYSTEMS[row.system]) continue
    const key = `${SYSTEMS[row.system]} ${OPS[row.op]} ${row.gpus}`
    const sizes = samples.get(key) ?? new Map<number, number[]>()
    samples.set(key, sizes)
    const bytes = row.message_elements * 2
    sizes.set(bytes, [...(sizes.get(bytes) ?? []), row.latency_ms * 1000])
  }
  const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!
  return new Map(
    [...samples]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, sizes]) => [
        key,
        [...sizes].toSorted(([a], [b]) => a - b).map(([bytes, times]) => ({ bytes, microseconds: median(times) })),
      ]),
  )
}

/** Least squares of the relative error; the knees by trying, the rest is linear in it. */
function fitCurve(points: readonly Point[]): Curve {
  const measured = points.map(point => point.microseconds)
  const step = (knee: number): readonly number[] => points.map(point => 1 - Math.exp(-point.bytes / knee))
  const steps = KNEES.map(step)
  const line = [points.map(() => 1), points.map(point => point.bytes)]
  let best: { readonly cost: number; readonly curve?: Curve } = { cost: Number.POSITIVE_INFINITY }
  for (const [i, first] of KNEES.entries())
    for (const [j, second] of KNEES.entries()) {
      if (second < 3 * first) continue
      const { weights, cost } = leastSquares([...line, steps[i]!, steps[j]!], measured)
      const [start, slope, rise, further] = weights as [number, number, number, number]
      if (cost >= best.cost || slope <= 0) continue
      best = {
        cost,
        curve: {
          start,
          rate: 1 / slope,
          steps: [
            { rise, knee: first },
            { rise: further, knee: second },
          ],
        },
      }
    }
  return best.curve!
}

function errorOf({ start, rate, steps }: Curve, { bytes, microseconds }: Point): number {
  const risen = steps.reduce((sum, { rise, knee }) => sum + rise * (1 - Math.exp(-bytes / knee)), 0)
  return Math.abs((start + bytes / rate + risen) / microseconds - 1)
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function round(value: number): string {
  return String(Number(value.toPrecision(4)))
}

function text(entries: readonly string[]): string {
  return `/**
 * Curves of NCCL's collectives inside a scale-up domain, fitted to planner/data/microbench-nccl.jsonl (aiconfigurator, Apache-2.0) by
 *     node scripts/run-ts.js bench/planner/fit-collectives.ts
 * Microseconds = start + bytes x busFactor / rate + rise (1 - exp(-bytes / knee)) + another such step; rate is bus bandwidth in GB/s, knees are
 * bytes. A step is where NCCL changes to the next protocol.
 */
export type FittedCurve = readonly [
  start: number,
  rate: number,
  rise: number,
  knee: number,
  furtherRise: number,
  furtherKnee: number,
]

export const SCALE_UP: Readonly<Record<string, FittedCurve>> = {
${entries.join('\n')}
}
`
}
