/** Attention: six constants a device and head size; the sixth is the cache that the measured engine writes and training does not. */

import { forwardSeconds } from '../../src/planner/cost/kernels/attention.ts'
import type { AttentionShape } from '../../src/planner/cost/kernels/attention-shape.ts'
import type { AttentionFit, HeadClass } from '../../src/planner/cost/kernels/fitted-attention.ts'
import type { Device } from '../../src/planner/fleet/device.ts'
import { type Parameter, robustFit } from './fit/robust-fit.ts'
import { type Measured, measured } from './fit-kernels-measured.ts'

const PARAMETERS: readonly Parameter[] = [
  { name: 'efficiency', guess: 0.6, spread: 0.4, low: 0.1, high: 1 },
  { name: 'shortKeys', guess: 600, spread: 0.7, low: 20, high: 3000 },
  // Below 0.5 the rate would still rise at a million keys.
  { name: 'shortPower', guess: 1, spread: 0.3, low: 0.5, high: 1.6 },
  { name: 'waveShare', guess: 0.6, spread: 0.7, low: 0.01, high: 6 },
  { name: 'windowEdge', guess: 0.33, spread: 1, low: 0.02, high: 3 },
  { name: 'launchMicroseconds', guess: 12, spread: 0.5, low: 3, high: 40 },
  { name: 'cacheEfficiency', guess: 0.5, spread: 0.7, low: 0.05, high: 5 },
]

export const LATENT_DIMS = { headDim: 192, valueDim: 128 }
/** What the cache keeps of a token: 512 compressed and 64 rotary elements. */
const LATENT_WIDTH = 576

export function attentionShape({ shape }: Measured): AttentionShape {
  const { batch, sequence, heads, kv_heads: kvHeads = heads!, head_dim: headDim, window = 0 } = shape
  const dims = headDim === undefined ? LATENT_DIMS : { headDim, valueDim: headDim }
  const common = { batch: batch!, heads: heads!, kvHeads: kvHeads!, ...dims, causal: true }
  const lengths = { sequenceQ: sequence!, sequenceKv: sequence! }
  return { ...common, ...lengths, window: window > 0 && window < sequence! ? window : undefined }
}

export function benchmarkAttentionSeconds(fit: AttentionFit, device: Device, row: Measured): number {
  const shape = attentionShape(row)
  const perToken = row.shape.head_dim === undefined ? LATENT_WIDTH : shape.kvHeads * (shape.headDim + shape.valueDim)
  const cacheBytes = 4 * shape.batch * shape.sequenceKv * perToken
  return (
    fit.launchMicroseconds * 1e-6 +
    forwardSeconds(fit, shape, device.peakFlops.bf16!, device.processors) +
    cacheBytes / (fit.cacheEfficiency * device.memoryBytesPerSecond)
  )
}

export function attentionRows(key: string, name: HeadClass): Measured[] {
  if (name === 'latent') return measured('latent', key, ['heads', 'sequence'])
  return measured('attention', key, ['heads', 'sequence']).filter(row => String(row.shape.head_dim) === name)
}

/** Undefined where too few were measured. */
export function fitAttention(device: Device, rows: readonly Measured[]): AttentionFit | undefined {
  if (rows.length < 20) return undefined
  const named = (values: readonly number[]) =>
    Object.fromEntries(PARAMETERS.map(({ name }, i) => [name, values[i]!])) as unknown as AttentionFit
  const { values } = robustFit({
    parameters: PARAMETERS,
    residuals: values => {
      const fit = named(values)
      return Float64Array.from(rows, row => Math.log(benchmarkAttentionSeconds(fit, device, row) / row.seconds))
    },
    // Training has long sequences, all keys and many tiles.
    weights: rows.map(row => (row.heldOut ? 0 : row.shape.window! > 0 ? 0.1 : row.shape.sequence! < 2048 ? 0.3 : 1)),
    rounds: 40,
    knee: 0.03,
    priorStrength: 0.3,
  })
  return named(values)
}
