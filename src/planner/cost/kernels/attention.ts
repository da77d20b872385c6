/** Time of the attention core softmax(Q K^T) V with a kernel that keeps no score matrix (FlashAttention). */
import type { Device, NumberFormat } from '../../fleet/device.ts'

export interface AttentionShape {
  readonly batch: number
  readonly heads: number
  readonly kvHeads: number
  /** Of queries and keys. */
  readonly headDim: number
  readonly valueDim: number
  readonly sequenceQ: number
  readonly sequenceKv: number
  readonly causal: boolean
  /** Keys that a query sees; undefined: all before it. */
  readonly window?: number | undefined
}

const efficiencyAt8k: Readonly<Record<Device['generation'], number>> = {
  volta: 0.4,
  ampere: 0.57,
  hopper: 0.62,
  blackwell: 0.55,
  cdna2: 0.3,
  cdna3: 0.35,
  cdna4: 0.4,
  tpu: 0.5,
}

/** Pairs of query and key that are computed: half under a causal mask, a band with a window. */
export function attendedPairs(shape: AttentionShape): number {
  const { sequenceQ, sequenceKv, causal, window } = shape
  const seen = causal ? sequenceKv - sequenceQ / 2 : sequenceKv
  return sequenceQ * Math.max(1, Math.min(seen, window ?? seen))
}

export function attentionSeconds(
  device: Device,
  shape: AttentionShape,
  _format: NumberFormat,
  direction: 'forward' | 'backward',
): number {
  const flops = 2 * shape.batch * shape.heads * attendedPairs(shape) * (shape.headDim + shape.valueDim)
  const peak = device.peakFlops.bf16 ?? device.peakFlops.fp16 ?? 1e14
  const efficiency = efficiencyAt8k[device.generation] * (shape.sequenceKv / (shape.sequenceKv + 800))
  const forward = 5e-6 + flops / (efficiency * peak)
  // Scores again, then dV, dP, dQ, dK: five products for two, at about 0.8 of the forward's rate.
  return direction === 'forward' ? forward : (forward * 2.5) / 0.85
}
