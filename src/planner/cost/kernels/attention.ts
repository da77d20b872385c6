/**
 * Time of the attention core softmax(Q K^T) V with a kernel that keeps no score matrix (FlashAttention, 2205.14135 and successors). A processor
 * takes a tile of 128 queries of one head and walks over its keys: the more keys, the less its start and end count, so the rate grows with the
 * sequence; and it depends on the kernel's generation more than on the device's peak.
 */
import type { Device, NumberFormat } from '../../fleet/device.ts'
import { measuredAttentionSeconds } from '../measured/kernels.ts'
import { attentionFit, hasOwnBackward } from './attention-fit.ts'
import { type AttentionShape, type Direction, visibleKeys } from './attention-shape.ts'
import type { AttentionFit, AttentionKernel } from './fitted-attention.ts'
import { unfusedAttentionSeconds } from './unfused-attention.ts'

export type { AttentionShape, Direction } from './attention-shape.ts'
export type { AttentionKernel } from './fitted-attention.ts'

const QUERY_TILE = 128
/** The benchmark's kernels start from Python; in training the host's time is counted apart. */
const LAUNCH_SECONDS = 5e-6
/** Scores in fp8 (TensorRT-LLM's kernels, fp8 over bf16 at 8k keys: 1.24 on B200, 1.33 on H100). */
const FP8_GAIN = 1.28

export function attentionSeconds(
  device: Device,
  shape: AttentionShape,
  format: NumberFormat,
  direction: Direction,
  kernel: AttentionKernel = 'vendor',
): number {
  if (device.measured) return measuredAttentionSeconds(device.measured, shape, format, direction)
  if (kernel === 'unfused') return unfusedAttentionSeconds(device, shape, direction)
  const peak = (device.peakFlops.bf16 ?? device.peakFlops.fp16 ?? 1e14) * (format === 'fp8' ? FP8_GAIN : 1)
  const isLatent = shape.latent === true
  const fit = attentionFit(device, kernel, direction, shape.headDim, isLatent)
  const tail = direction === 'forward' ? fit.waveShare : BACKWARD_TAIL * fit.waveShare
  const forward = forwardSeconds(fit, shape, peak, device.processors, tail)
  const backward = hasOwnBackward(device, isLatent) ? (shape.causal ? MASKED_BACKWARD : 1) : backwardRate(shape, device)
  // Five products for two: scores again, then the gradients of values, probabilities, queries and keys.
  const compute = direction === 'forward' ? forward : (2.5 * forward) / backward
  const memory = (passesOverInputs[direction] * inputBytes(shape)) / (0.85 * device.memoryBytesPerSecond)
  return LAUNCH_SECONDS * (direction === 'forward' ? 1 : 3) + Math.max(compute, memory)
}

/** Without launch and without what the benchmark does beside. */
export function forwardSeconds(
  fit: AttentionFit,
  shape: AttentionShape,
  peakFlops: number,
  processors: number,
  waveShare = fit.waveShare,
): number {
  const { batch, heads, sequenceQ, headDim, valueDim } = shape
  const keys = visibleKeys(shape)
  const edge = shape.window === undefined || shape.window >= shape.sequenceKv ? 0 : QUERY_TILE
  const flops = 2 * batch * heads * sequenceQ * (keys + fit.windowEdge * edge) * (headDim + valueDim)
  const perTile = keys + edge
  const short = 1 + (fit.shortKeys / (2 * perTile)) ** fit.shortPower
  const waves = (batch * heads * Math.ceil(sequenceQ / QUERY_TILE)) / processors
  const unfilled = 1 + waveShare * (waves > 1 ? 0.5 / waves : 1 / waves - 0.5)
  return (flops * short * unfilled) / (fit.efficiency * peakFlops)
}

/** Queries, keys, values and result once; backward reads those and the result's gradient, writes three gradients, one of them through fp32. */
const passesOverInputs: Readonly<Record<Direction, number>> = { forward: 1, backward: 2.5 }

function inputBytes({ batch, heads, kvHeads, headDim, valueDim, sequenceQ, sequenceKv }: AttentionShape): number {
  return 2 * batch * (headDim + valueDim) * (heads * sequenceQ + kvHeads * sequenceKv)
}

/** Backward goes over tiles of keys, smaller and more: on B200 16 heads of 4k keys reach 0.91 of what 128 do, forward 0.58 (SimuMax's tables). */
const BACKWARD_TAIL = 0.15

/** Tiles on the diagonal are half wasted, more so in backward (flash-attention #2280, B200, 8k keys: 1209 with a mask, 1360 without). */
const MASKED_BACKWARD = 0.94

/**
 * Rate of the backward products over the forward's, where only the forward was measured. On H100 (2407.08608, figures 5 and 6, no mask), heads of
 * 128: .74 at 1k keys, .80 at 2k, .84 at 4k, .865 at 8k, the same for FlashAttention-2, -3 and cuDNN; heads of 64, whose forward waits for
 * exponentials: .95 at 8k. FlashAttention-4 on B200: .85 at 8k, causal (flash-attention #2280). On MI300X an optimised backward is as fast as
 * FlashAttention-2's on H100 (Zyphra, December 2024), two thirds of its forward.
 */
function backwardRate(shape: AttentionShape, { generation }: Device): number {
  const { headDim, latent } = shape
  if (latent) return (generation === 'blackwell' ? 0.76 : 0.82) / (1 + 100 / Math.max(1, visibleKeys(shape)))
  const limit = headDim <= 64 ? 0.98 : headDim <= 128 ? 0.98 - (0.1 * (headDim - 64)) / 64 : 0.79
  return ((generation.startsWith('cdna') ? 0.8 : 1) * limit) / (1 + 190 / Math.max(1, visibleKeys(shape)))
}
