/**
 * How fast a word count runs: the TypeScript map beside a plain Node script, the split map beside DuckDB alone, on one and two slots, with
 * the memory of a worker and the cost of killing one.
 * `npm run bench:batch -- [--bytes 512Mi] [--runs 10] [--kills 50] [--direct] [--only speed,scale,memory,kills,model]`
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { predictBatch } from '../src/planner/batch/predict.ts'
import { killWorkers } from './batch/kills.ts'
import { mustEqual, runRival } from './batch/rivals.ts'
import { type JobOptions, type JobRun, type Kind, planOf, runDirect, runInCluster } from './batch/word-job.ts'
import { zipfText } from './batch/zipf-text.ts'
import { interleave, type Measured, median, report } from './harness/report.ts'
import { withCluster } from './start/own-cluster.ts'

const { values: flags } = parseArgs({
  options: {
    bytes: { type: 'string', default: '512Mi' },
    runs: { type: 'string', default: '10' },
    kills: { type: 'string', default: '50' },
    direct: { type: 'boolean', default: false },
    only: { type: 'string', default: 'speed,scale,memory,kills,model' },
  },
})
const bytes =
  Number.parseFloat(flags.bytes) * (flags.bytes.endsWith('Gi') ? 2 ** 30 : flags.bytes.endsWith('Mi') ? 2 ** 20 : 1)
const runs = Number(flags.runs)
const parts = new Set(flags.only.split(','))
const text = zipfText(bytes)
const folder = mkdtempSync(join(tmpdir(), 'solvent-bench-'))
const rows: Measured[] = []

type RunJob = (kind: Kind, slots: number, onStart?: JobOptions['onStart']) => Promise<JobRun>
const direct: RunJob = (kind, slots, onStart) => runDirect({ text, kind, slots, folder, onStart })

async function measureSpeed(job: RunJob): Promise<void> {
  const expected = await runRival('plain', text)
  const checked = async (kind: Kind, slots: number): Promise<number> => {
    const result = await job(kind, slots)
    mustEqual(result, expected, `${kind} on ${slots} slots`)
    return result.seconds
  }
  const rival = async (...args: Parameters<typeof runRival>): Promise<number> => {
    const result = await runRival(...args)
    mustEqual(result, expected, args.join(' '))
    return result.milliseconds / 1000
  }
  const seconds = await interleave(
    runs,
    {
      module2: () => checked('module', 2),
      plain: () => rival('plain', text),
      split2: () => checked('split', 2),
      duckdb: () => rival('duckdb', text),
      ...(parts.has('scale') ? { module1: () => checked('module', 1), split1: () => checked('split', 1) } : {}),
      ...(parts.has('speed')
        ? { tuned: () => rival('tuned', text), blanks: () => rival('duckdb', text, 'plain') }
        : {}),
    } as Record<string, () => Promise<number>>,
    runs > 2 ? 1 : 0,
  )
  rows.push(...speedRows(seconds))
  if (parts.has('model')) printModel(seconds)
}

function speedRows(seconds: Readonly<Record<string, readonly number[]>>): readonly Measured[] {
  const { module1, module2, split1, split2, plain, tuned, duckdb, blanks } = seconds as Record<string, number[]>
  const row = (what: string, own: number[], other: Measured['rival'], bar?: Measured['bar']): Measured => ({
    what,
    unit: 's',
    values: own,
    rival: other,
    bar,
  })
  const all: (Measured | undefined)[] = [
    row(
      'TypeScript map, 2 workers',
      module2!,
      { what: 'plain Node script (readline, Map)', values: plain!, as: 'speed-up' },
      { at: 'least', value: 1.6 },
    ),
    tuned && row('the same', module2!, { what: 'hand-tuned Node script', values: tuned, as: 'speed-up' }),
    row(
      'map: { split }, 2 workers',
      split2!,
      { what: 'DuckDB alone, 2 threads', values: duckdb!, as: 'ratio' },
      { at: 'most', value: 1.3 },
    ),
    blanks &&
      row('the same', split2!, { what: 'DuckDB alone, told that only blanks separate', values: blanks, as: 'ratio' }),
    module1 && row('TypeScript map: 2 slots', module2!, { what: '1 slot', values: module1, as: 'speed-up' }),
    split1 && row('map: { split }: 2 slots', split2!, { what: '1 slot', values: split1, as: 'speed-up' }),
  ]
  return all.filter(each => each !== undefined)
}

/** The plan's own model with the rate that one worker showed just now; efficiency against one slot. */
function printModel(seconds: Readonly<Record<string, readonly number[]>>): void {
  const one = seconds.module1
  if (!one) return
  const plan = planOf({ text, kind: 'module', slots: 64, folder })
  const rates = {
    mapBytesPerSecond: bytes / median(one),
    reduceBytesPerSecond: 20e6,
    shuffleRatio: 0.02,
    taskSeconds: 0.01,
    startSeconds: 0.2,
  }
  const base = predictBatch(plan, rates, 1).seconds
  console.log('\nMODEL (TypeScript map, tasks of the plan for 64 slots)\nSLOTS  SECONDS  SPEED-UP  EFFICIENCY')
  for (const slots of [1, 2, 4, 8, 16, 32, 64]) {
    const { seconds: predicted } = predictBatch(plan, rates, slots)
    const cells = [
      String(slots),
      predicted.toFixed(2),
      (base / predicted).toFixed(2),
      (base / predicted / slots).toFixed(2),
    ]
    console.log(cells.map((cell, i) => cell.padEnd([7, 9, 10, 0][i]!)).join(''))
  }
  console.log()
}

async function measureMemory(): Promise<void> {
  const larger = zipfText(bytes * 4)
  const peak = async (input: string, kind: Kind): Promise<number> =>
    (await runDirect({ text: input, kind, slots: 2, folder })).peakMiB
  for (const kind of ['module', 'split'] as const) {
    const { small, large } = await interleave(
      Math.min(runs, 5),
      {
        small: () => peak(text, kind),
        large: () => peak(larger, kind),
      },
      0,
    )
    const what = kind === 'module' ? 'TypeScript map' : 'map: { split }'
    rows.push(
      { what: `peak memory of a worker, ${what}`, unit: 'MiB', values: small, bar: { at: 'most', value: 400 } },
      {
        what: `the same, 4 times the input`,
        unit: 'MiB',
        values: large,
        rival: { what: 'the smaller input', values: small, as: 'ratio' },
      },
    )
  }
}

async function measureKills(job: RunJob): Promise<void> {
  const { seconds, calm, sightings } = await killWorkers(Number(flags.kills), folder, onStart =>
    job('module', 2, onStart),
  )
  if (sightings.length > 0) throw new Error(`seen half-done: ${sightings.join(', ')}`)
  rows.push({
    what: 'one worker killed (-9) at a random moment',
    unit: 's',
    values: seconds,
    rival: { what: 'nobody killed', values: calm, as: 'ratio' },
    bar: { at: 'most', value: 1.2 },
  })
}

async function measureAll(job: RunJob): Promise<void> {
  if (parts.has('speed') || parts.has('scale')) await measureSpeed(job)
  if (parts.has('kills')) await measureKills(job)
}

try {
  if (flags.direct) await measureAll(direct)
  else
    await withCluster((state, api) =>
      measureAll((kind, slots, onStart) => runInCluster({ text, kind, slots, folder, onStart }, { state, api })),
    )
  if (parts.has('memory')) await measureMemory()
  report('batch', rows, { bytes, runs, kills: Number(flags.kills), mode: flags.direct ? 'processes' : 'cluster' })
} finally {
  rmSync(folder, { recursive: true, force: true })
}
