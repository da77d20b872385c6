/**
 * Makes the small extract of measured kernels that constants are fitted to and tests read (`extract/*.csv`). The measurements are those of the
 * Apache-2.0 package aiconfigurator-core 0.12.0, whose whole tables hold 900,000 GEMMs; the attention, latent attention and experts' tables are
 * also in ../shared/planner/data/kernels. Kept: training's shapes, thinned by a hash of the shape, the median over the package's three engines.
 *
 *   pip download --no-deps aiconfigurator-core==0.12.0 && unzip -q aiconfigurator_core-*.whl -d DIR
 *   node scripts/run-ts.js bench/planner/extract-kernels.ts DIR/aiconfigurator_core/systems/data ../shared/planner/data/kernels
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'

const DEVICES = ['a100_sxm', 'h100_sxm', 'h200_sxm', 'b200_sxm', 'b300_sxm', 'gb200', 'gb300']
const FORMATS: Record<string, string> = { bfloat16: 'bf16', fp8: 'fp8', fp8_block: 'fp8_block', nvfp4: 'nvfp4' }
const folder = `${import.meta.dirname}/extract`

type Row = Record<string, string | number>

/** A share of all keys, the same on every machine. */
function keeps(key: string, share: number): boolean {
  let hash = 2166136261
  for (const character of key) hash = Math.imul(hash ^ character.charCodeAt(0), 16777619)
  hash = Math.imul(hash ^ (hash >>> 15), 2246822507)
  return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32 < share
}

const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

function tablesOf(data: string, device: string, operation: string, file: string): { engine: string; path: string }[] {
  const base = join(data, device, operation)
  return readdirSync(base).flatMap(engine =>
    readdirSync(join(base, engine))
      .filter(version => !version.includes('post') && readdirSync(join(base, engine, version)).includes(file))
      .map(version => ({ engine, path: join(base, engine, version, file) })),
  )
}

const read = async (path: string): Promise<Row[]> =>
  (await parquetReadObjects({ file: await asyncBufferFromFile(path), compressors })) as Row[]

/** Shapes by rows, devices and formats by columns: the times of one shape stand beside each other. */
class Table {
  readonly cells = new Map<string, Map<string, number[]>>()
  readonly name: string
  readonly keys: readonly string[]
  constructor(name: string, keys: readonly string[]) {
    this.name = name
    this.keys = keys
  }
  add(key: readonly (string | number)[], column: string, value: number) {
    const id = key.join(',')
    if (!this.cells.has(id)) this.cells.set(id, new Map())
    const row = this.cells.get(id)!
    if (!row.has(column)) row.set(column, [])
    row.get(column)!.push(value)
  }
  write(comment: string) {
    const columns = [...new Set([...this.cells.values()].flatMap(row => [...row.keys()]))].toSorted()
    const lines = [...this.cells].map(([id, row]) =>
      [id, ...columns.map(column => (row.has(column) ? Number(median(row.get(column)!).toPrecision(4)) : ''))].join(
        ',',
      ),
    )
    const text = `# ${comment}\n${[...this.keys, ...columns].join(',')}\n${lines.join('\n')}\n`
    writeFileSync(`${folder}/${this.name}.csv`, text)
    console.log(`${this.name}: ${lines.length} shapes, ${columns.length} columns, ${Math.round(text.length / 1000)} kB`)
  }
}

async function gemms(data: string) {
  const table = new Table('gemm', ['m', 'n', 'k'])
  for (const device of DEVICES) {
    const quantise = device === 'a100_sxm' ? new Map<string, number>() : await quantiseTimes(data, device)
    for (const { engine, path } of tablesOf(data, device, 'gemm', 'gemm_perf.parquet')) {
      for (const row of await read(path)) {
        const { m, n, k } = { m: Number(row.m), n: Number(row.n), k: Number(row.k) }
        const format = FORMATS[String(row.gemm_dtype)]
        if (!format || m < 512 || n < 512 || k < 512 || m % 256 !== 0) continue
        // Odd multiples of 256 and widths beyond 16k are many: a smaller share of them.
        const share = (m >= 8192 ? 1 : m % 512 === 0 ? 0.5 : 0.2) * (n > 16384 || k > 16384 ? 0.5 : 1) * 0.24
        if (!keeps(`${m},${n},${k}`, share)) continue
        // fp8 of one scale a tensor: TensorRT-LLM's product alone is what is left without the two kernels that quantise its input.
        if (format === 'fp8' && engine !== 'trtllm') continue
        if (format !== 'bf16' && format !== 'fp8' && engine === 'vllm') continue
        const us = Number(row.latency) * 1000 - (format === 'fp8' ? (quantise.get(`${m},${k}`) ?? Number.NaN) : 0)
        if (us > 0) table.add([m, n, k], `${device}.${format}`, us)
      }
    }
  }
  table.write(
    'GEMM, microseconds; fp8: without its quantise kernels; fp8_block and nvfp4: with them. aiconfigurator-core 0.12.0, Apache-2.0',
  )
}

async function quantiseTimes(data: string, device: string): Promise<Map<string, number>> {
  const times = new Map<string, number>()
  for (const name of ['computescale_perf.parquet', 'scale_matrix_perf.parquet']) {
    const { path } = tablesOf(data, device, 'quantize', name).find(table => table.engine === 'trtllm')!
    for (const row of await read(path)) {
      const key = `${row.m},${row.k}`
      times.set(key, (times.get(key) ?? 0) + Number(row.latency) * 1000)
    }
  }
  return times
}

/** The cast alone: reads two bytes an element, writes one. */
async function passes(data: string) {
  const table = new Table('cast', ['m', 'k'])
  for (const device of DEVICES.slice(1)) {
    for (const { engine, path } of tablesOf(data, device, 'quantize', 'scale_matrix_perf.parquet')) {
      if (engine === 'sglang') continue
      for (const row of await read(path)) {
        const [m, k] = [Number(row.m), Number(row.k)]
        if (m >= 256 && k >= 1024 && keeps(`${m},${k}`, 0.4)) table.add([m, k], device, Number(row.latency) * 1000)
      }
    }
  }
  table.write('Cast of bf16 to fp8 with a given scale, microseconds. aiconfigurator-core 0.12.0, Apache-2.0')
}

/** The package's `mamba2` table holds the convolution only, not the scan. */
async function convolutions(data: string) {
  const table = new Table('convolution', ['batch', 'sequence', 'heads', 'head_dim', 'state_dim', 'groups', 'chunk'])
  for (const device of DEVICES.slice(1)) {
    for (const { path } of tablesOf(data, device, 'linear_attention', 'mamba2_perf.parquet')) {
      for (const row of await read(path)) {
        if (row.phase !== 'context' || Number(row.num_tokens) < 2048 || Number(row.seq_len) < 512) continue
        const key = [row.batch_size, row.seq_len, row.nheads, row.head_dim, row.d_state, row.n_groups, row.chunk_size]
        table.add(key.map(Number), device, Number(row.latency) * 1000)
      }
    }
  }
  table.write('Causal convolution of a Mamba-2 layer, forward, microseconds. aiconfigurator-core 0.12.0, Apache-2.0')
}

function* csv(path: string): Generator<Record<string, string>> {
  const lines = gunzipSync(readFileSync(path)).toString().trimEnd().split('\n')
  const names = lines[0]!.split(',')
  for (const line of lines.slice(1)) {
    const cells = line.split(',')
    yield Object.fromEntries(names.map((name, at) => [name, cells[at]!]))
  }
}

/** The kernels that training uses too: FlashAttention-2 on Ampere, -3 on Hopper, NVIDIA's own on Blackwell. */
function attention(shared: string) {
  const table = new Table('attention', ['batch', 'sequence', 'heads', 'kv_heads', 'head_dim', 'window'])
  const kernels = ['vllm_flash_attn', 'vllm_flash_attn_fa3', 'vllm_flashinfer_trtllmprefill']
  for (const row of csv(`${shared}/attention-forward.csv.gz`)) {
    const key = [row.batch!, row.sequence!, row.heads!, row.kv_heads!, row.head_dim!, row.window!]
    const share = Number(row.heads) < 8 || Number(row.window) > 0 ? 0.05 : row.head_dim === '128' ? 0.2 : 0.3
    if (kernels.includes(row.kernel!) && keeps(key.join(), share)) table.add(key, row.device!, Number(row.ms) * 1000)
  }
  table.write('Causal attention forward, bf16, microseconds. aiconfigurator-core 0.12.0, Apache-2.0')
}

/** Expanded heads, keys of 192 and values of 128, as in training; on Hopper only TensorRT-LLM's kernel expands. */
function latent(shared: string) {
  const table = new Table('latent', ['batch', 'sequence', 'heads'])
  for (const row of csv(`${shared}/mla-forward.csv.gz`)) {
    const key = [row.batch!, row.sequence!, row.heads!]
    if (row.what !== 'context_mla' || !row.software!.startsWith('trtllm') || row.dtype !== 'bfloat16') continue
    if (Number(row.sequence) >= 1024 && keeps(key.join(), 0.5)) table.add(key, row.device!, Number(row.ms) * 1000)
  }
  table.write('Multi-head latent attention forward (core), bf16, microseconds. aiconfigurator-core 0.12.0, Apache-2.0')
}

function experts(shared: string) {
  const table = new Table('experts', ['tokens', 'hidden', 'ffn', 'top_k', 'experts', 'moe_tp', 'moe_ep'])
  for (const row of csv(`${shared}/moe-forward.csv.gz`)) {
    const format = FORMATS[row.dtype!]
    if (
      !format ||
      format === 'nvfp4' ||
      row.what !== 'moe' ||
      row.routing !== 'balanced' ||
      !row.software!.includes('rc20')
    )
      continue
    if (!['moe_torch_flow_cutlass', 'deepgemm'].includes(row.kernel!) || Number(row.tokens) < 2048) continue
    const key = [row.tokens!, row.hidden!, row.ffn!, row.topk!, row.experts!, row.moe_tp!, row.moe_ep!]
    if (keeps(key.join(), 0.25)) table.add(key, `${row.device}.${format}`, Number(row.ms) * 1000)
  }
  table.write(
    'A layer of gated experts forward, balanced, permutation included, microseconds. aiconfigurator-core 0.12.0, Apache-2.0',
  )
}

const [data, shared] = process.argv.slice(2)
if (!data || !shared) throw new Error('usage: extract-kernels.ts PACKAGE_DATA SHARED_KERNELS')
await gemms(data)
await passes(data)
await convolutions(data)
attention(shared)
latent(shared)
experts(shared)
