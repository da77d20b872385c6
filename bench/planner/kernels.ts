/**
 * `npm run bench:kernels`: error of every kernel's time on measurements that took no part in the fit. Median and 90th percentile of the absolute
 * relative error, and the median signed error (below 0: predicted too fast). `large`: what training's time is made of (GEMMs above 4e10
 * operations, attention above 0.1 ms and 2k tokens). With `-o json` the same as one object.
 */
import { existsSync, readFileSync } from 'node:fs'
import { attentionSeconds, type Direction } from '../../src/planner/cost/kernels/attention.ts'
import { ATTENTION_FITS } from '../../src/planner/cost/kernels/data/attention-fits.ts'
import { EXPERTS_FITS } from '../../src/planner/cost/kernels/data/experts-fits.ts'
import { GEMM_FITS } from '../../src/planner/cost/kernels/data/gemm-fits.ts'
import { PASS_FITS } from '../../src/planner/cost/kernels/data/pass-fits.ts'
import type { HeadClass } from '../../src/planner/cost/kernels/fitted-attention.ts'
import type { GemmFormat } from '../../src/planner/cost/kernels/fitted-gemm.ts'
import { type GemmKind, gemmSeconds } from '../../src/planner/cost/kernels/gemm.ts'
import { groupedGemmSeconds } from '../../src/planner/cost/kernels/grouped-gemm.ts'
import { KNOWN_DEVICES } from '../../src/planner/fleet/devices.ts'
import { attentionRows, benchmarkAttentionSeconds } from './fit-kernels-attention.ts'
import { benchmarkExpertsSeconds, expertsRows } from './fit-kernels-experts.ts'
import { benchmarkGemmSeconds, GEMM_HELD_OUT_BY } from './fit-kernels-gemm.ts'
import {
  columnsOf,
  errorsOf,
  errorsOfPairs,
  MEASURED_DEVICES,
  type Measured,
  measured,
  measuredDevice,
} from './fit-kernels-measured.ts'
import { BEYOND_CACHE_BYTES, benchmarkCastSeconds, castBytes } from './fit-kernels-pass.ts'

interface Line {
  readonly kernel: string
  readonly device: string
  readonly of: string
  readonly count: number
  readonly median: number
  readonly p90: number
  readonly bias: number
}

const lines: Line[] = []

function add(kernel: string, key: string, of: string, rows: readonly Measured[], predict: (row: Measured) => number) {
  if (rows.length > 0) lines.push({ kernel, device: MEASURED_DEVICES[key]!, of, ...errorsOf(rows, predict) })
}

const held = (rows: readonly Measured[]) => rows.filter(row => row.heldOut)
const isLargeGemm = ({ shape }: Measured) => shape.m! * shape.n! * shape.k! > 2e10
const hasWindow = ({ shape }: Measured) => (shape.window ?? 0) > 0

const formatName = (format: string) => (format === 'fp8_block' ? 'fp8Block' : format) as GemmFormat

for (const column of columnsOf('gemm')) {
  const [key, format] = column.split('.') as [string, string]
  const fit = GEMM_FITS[MEASURED_DEVICES[key]!]![formatName(format)]!
  const rows = held(measured('gemm', column, GEMM_HELD_OUT_BY))
  const predict = (row: Measured) => benchmarkGemmSeconds(fit, measuredDevice(key), format, row)
  add('gemm', key, format, rows, predict)
  add('gemm', key, `${format} large`, rows.filter(isLargeGemm), predict)
}
for (const key of columnsOf('attention')) {
  for (const name of ['64', '128', '256', 'latent'] as const satisfies readonly HeadClass[]) {
    const fit = ATTENTION_FITS[MEASURED_DEVICES[key]!]![name]
    const predict = (row: Measured) => benchmarkAttentionSeconds(fit, measuredDevice(key), row)
    const rows = held(attentionRows(key, name))
    const full = rows.filter(row => !hasWindow(row))
    add('attention', key, name, full, predict)
    add(
      'attention',
      key,
      `${name} large`,
      full.filter(row => row.seconds > 1e-4 && row.shape.sequence! >= 2048),
      predict,
    )
    add('attention', key, `${name} window`, rows.filter(hasWindow), predict)
  }
}
for (const column of columnsOf('experts')) {
  const [key, format] = column.split('.') as [string, string]
  const name = MEASURED_DEVICES[key]!
  const [fit, gemm] = [EXPERTS_FITS[name]![formatName(format)]!, GEMM_FITS[name]![formatName(format)]!]
  add('experts', key, format, held(expertsRows(column)), row =>
    benchmarkExpertsSeconds(fit, gemm, measuredDevice(key), format, row),
  )
}
for (const key of columnsOf('cast')) {
  const rows = held(measured('cast', key, ['m'])).filter(row => castBytes(row) > BEYOND_CACHE_BYTES)
  add('pass', key, 'cast, beyond cache', rows, row =>
    benchmarkCastSeconds(PASS_FITS[MEASURED_DEVICES[key]!]!, measuredDevice(key), row),
  )
}

/**
 * Training's own kernels in long loops (SimuMax): what the cold model of gemmSeconds and attentionSeconds is over a hot device. A bias of -25 %
 * says that the device sustains three quarters of it; cost/step puts the heat on top.
 */
function trainingTable(file: string): Record<string, string>[] {
  const [, names, ...rows] = readFileSync(`${import.meta.dirname}/extract/${file}`, 'utf8')
    .trimEnd()
    .split('\n')
  return rows.map(row => Object.fromEntries(row.split(',').map((cell, at) => [names!.split(',')[at]!, cell])))
}

interface Training {
  readonly device: string
  readonly of: string
  readonly seconds: number
  readonly predicted: number
}

function addTraining(kernel: string, rows: readonly Training[]) {
  for (const device of new Set(rows.map(row => row.device)))
    for (const of of new Set(rows.map(row => row.of))) {
      const own = rows.filter(row => row.device === device && row.of === of)
      if (own.length > 0) lines.push({ kernel, device, of, ...errorsOfPairs(own) })
    }
}

const known = (name: string) => KNOWN_DEVICES.find(({ host }) => host.device.name === name)!.host.device

addTraining(
  'training gemm',
  trainingTable('training-gemm.csv').flatMap(({ device, kind, experts, m, n, k, us }) => {
    const shape = { m: Number(m), n: Number(n), k: Number(k) }
    if (Number(experts) * shape.m * shape.n * shape.k < 2e10) return []
    const grouped = { experts: Number(experts), rows: shape.m, n: shape.n, k: shape.k }
    const predicted =
      experts === '1'
        ? gemmSeconds(known(device!), shape, 'bf16', kind as GemmKind)
        : groupedGemmSeconds(known(device!), grouped, 'bf16', 1, kind as GemmKind)
    return [{ device: device!, of: experts === '1' ? kind! : `experts ${kind}`, seconds: Number(us) * 1e-6, predicted }]
  }),
)
addTraining(
  'training attn.',
  trainingTable('training-attention.csv').map(row => {
    const [headDim, valueDim, sequence] = [Number(row.head_dim), Number(row.value_dim), Number(row.sequence)]
    const heads = { heads: Number(row.heads), kvHeads: Number(row.kv_heads), latent: headDim !== valueDim }
    const lengths = { batch: Number(row.batch), sequenceQ: sequence, sequenceKv: sequence, causal: true }
    const direction = row.direction as Direction
    const predicted = attentionSeconds(
      known(row.device!),
      { ...heads, ...lengths, headDim, valueDim },
      'bf16',
      direction,
    )
    return {
      device: row.device!,
      of: `${heads.latent ? 'latent' : headDim} ${direction}`,
      seconds: Number(row.us) * 1e-6,
      predicted,
    }
  }),
)

/** Another engine, another set of shapes: the handed-out table of 11,097 GEMMs, whole, bf16 only (its fp8 contains the cast). */
const handedOut = `${import.meta.dirname}/../../../shared/planner/data/microbench-gemm.jsonl`
if (existsSync(handedOut)) {
  const rows = readFileSync(handedOut, 'utf8')
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))
  for (const [key, name] of Object.entries(MEASURED_DEVICES)) {
    const own: Measured[] = rows
      .filter(row => row.system === key && row.dtype === 'bfloat16')
      .map(row => ({ shape: { m: row.m, n: row.n, k: row.k }, seconds: row.latency_ms / 1000, heldOut: true }))
    const predict = (row: Measured) => benchmarkGemmSeconds(GEMM_FITS[name]!.bf16!, measuredDevice(key), 'bf16', row)
    add('microbench-gemm', key, 'bf16', own, predict)
    add('microbench-gemm', key, 'bf16 large', own.filter(isLargeGemm), predict)
  }
} else console.log('skipped: microbench-gemm.jsonl is not here (../shared)')

if (process.argv.includes('json')) console.log(JSON.stringify(lines, null, 1))
else {
  const percent = (value: number) => `${(100 * value).toFixed(1)}`.padStart(7)
  console.log(`${'kernel'.padEnd(16)} ${'device'.padEnd(15)} ${'of'.padEnd(19)} count  median     p90    bias (%)`)
  for (const { kernel, device, of, count, median, p90, bias } of lines)
    console.log(
      `${kernel.padEnd(16)} ${device.padEnd(15)} ${of.padEnd(19)} ${String(count).padStart(5)} ${percent(median)} ${percent(p90)} ${percent(bias)}`,
    )
}
