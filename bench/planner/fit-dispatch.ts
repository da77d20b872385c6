/**
 * Fits DeepEP's dispatch and combine inside one NVLink domain to measured kernels and writes src/planner/cost/collectives/data/deepep.ts; prints
 * the error by device, and of each device when it is left out of its generation's fit.
 *
 *     node scripts/run-ts.js bench/planner/fit-dispatch.ts [../shared/planner/data]
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { distinctNodes } from '../../src/planner/cost/collectives/distinct-nodes.ts'
import { leastSquares } from './least-squares.ts'

interface Sample {
  readonly device: string
  readonly phase: 'dispatch' | 'combine'
  readonly tokens: number
  /** Distinct ranks that a token goes to, and those of them elsewhere. */
  readonly copies: number
  readonly remote: number
  readonly rowBytes: number
  readonly processors: number
  readonly microseconds: number
}

const GENERATIONS = { hopper: ['h100_sxm', 'h200_sxm'], blackwell: ['b200_sxm', 'b300_sxm', 'gb200', 'gb300'] } as const
const PHASES = ['dispatch', 'combine'] as const
const NAMES = ['start', 'token', 'copy', 'byte', 'copiedByte', 'remoteByte'] as const

const folder = process.argv[2] ?? '../shared/planner/data'
const samples = read(resolve(folder, 'kernels/moe-dispatch.csv.gz'))
const entries: string[] = []
console.log('device    phase      samples  median %   p90 %   left out: median %   p90 %')
for (const [generation, devices] of Object.entries(GENERATIONS)) {
  entries.push(`  ${generation}: {`)
  for (const phase of PHASES) {
    const own = samples.filter(s => s.phase === phase && (devices as readonly string[]).includes(s.device))
    const weights = fitKernel(own)
    for (const device of devices) {
      const of = own.filter(s => s.device === device)
      const others = fitKernel(own.filter(s => s.device !== device))
      const cells = [errors(of, weights), errors(of, others)].map(list => `${at(list, 0.5)}${at(list, 0.9)}`)
      console.log(
        `${device.padEnd(9)} ${phase.padEnd(9)} ${String(of.length).padStart(8)}${cells.join('            ')}`,
      )
    }
    const fields = NAMES.map((name, i) => `${name}: ${Number(weights[i]!.toPrecision(4))}`)
    entries.push(`    ${phase}: { ${fields.join(', ')} },`)
  }
  entries.push('  },')
}
writeFileSync('src/planner/cost/collectives/data/deepep.ts', text(entries))

/** What training sends: 1,024 tokens and more, with 12 processors and more. fp8 goes out (with a scale a 128), bf16 returns. */
function read(file: string): readonly Sample[] {
  const [, ...lines] = gunzipSync(readFileSync(file)).toString().trim().split('\n')
  return lines.flatMap(line => {
    const [device, , backend, phase, , nodes, , hidden, topk, experts, tokens, processors, us] = line.split(
      ',',
    ) as string[]
    if (backend !== 'deepep-normal' || nodes !== '1' || Number(tokens) < 1024 || Number(processors) < 12) return []
    const ranks = device!.startsWith('gb') ? 4 : 8
    const copies = distinctNodes(Number(experts), Number(topk), ranks)
    return [
      {
        device: device!,
        phase: phase as Sample['phase'],
        tokens: Number(tokens),
        copies,
        remote: (copies * (ranks - 1)) / ranks,
        rowBytes: Number(hidden) * (phase === 'dispatch' ? 1 + 4 / 128 : 2),
        processors: Number(processors),
        microseconds: Number(us),
      },
    ]
  })
}

/** In the order of `NAMES`; all but the last are shared by the processors, the last is the links'. */
function features(s: Sample): readonly number[] {
  const each = s.tokens / s.processors
  return [1, each, each * s.copies, each * s.rowBytes, each * s.copies * s.rowBytes, s.tokens * s.remote * s.rowBytes]
}

function fitKernel(of: readonly Sample[]): readonly number[] {
  const columns = of.map(features)
  const basis = NAMES.map((_, i) => columns.map(column => column[i]!))
  return leastSquares(
    basis,
    of.map(s => s.microseconds),
  ).weights
}

function errors(of: readonly Sample[], weights: readonly number[]): readonly number[] {
  return of
    .map(s => Math.abs(features(s).reduce((sum, value, i) => sum + value * weights[i]!, 0) / s.microseconds - 1))
    .sort((a, b) => a - b)
}

function at(sorted: readonly number[], share: number): string {
  return (100 * sorted[Math.floor(share * (sorted.length - 1))]!).toFixed(1).padStart(9)
}

function text(lines: readonly string[]): string {
  return `/**
 * DeepEP inside one NVLink domain, fitted to planner/data/kernels/moe-dispatch.csv.gz (aiconfigurator, Apache-2.0) by
 *     node scripts/run-ts.js bench/planner/fit-dispatch.ts && npx biome check --write src/planner/cost/collectives/data
 * Microseconds: start + (token + copy x copies + (byte + copiedByte x copies) x bytes of a row) x tokens / processors
 * + remoteByte x bytes to other ranks. \`copies\`: distinct ranks that a token goes to, its own too.
 */
export interface DispatchKernel {
  readonly start: number
  readonly token: number
  readonly copy: number
  readonly byte: number
  readonly copiedByte: number
  readonly remoteByte: number
}

export const DEEPEP: Readonly<Record<'hopper' | 'blackwell', Readonly<Record<'dispatch' | 'combine', DispatchKernel>>>> = {
${lines.join('\n')}
}
`
}
