/**
 * Time of the attention core with the kernel that the software brings. The kernel model (cost/kernels) prices the best one of each device; PyTorch's
 * own is FlashAttention-2, which does not know Hopper's and Blackwell's matrix instructions (Shah et al., 2407.08608, figure 5: 350 of 650
 * TFLOP/s), the first FlashAttention was slower still, and without any the score matrix goes to memory and back.
 */
import type { AttentionCore } from '../../model/operator.ts'
import { type AttentionShape, attentionSeconds } from '../kernels/attention.ts'
import { gemmSeconds } from '../kernels/gemm.ts'
import { latentAttentionSeconds } from '../kernels/latent-attention.ts'
import { passSeconds } from '../kernels/pass.ts'
import type { Software } from '../software.ts'
import type { Prices } from './price-operators.ts'

export type AttentionKernel = 'none' | 'flash1' | 'flash2' | 'native'

export function attentionKernel({ family, year, features }: Software): AttentionKernel {
  if (!features.flashAttention) return 'none'
  if (family === 'nemo' || family === 'megatron') return year >= 2024 ? 'native' : 'flash2'
  return year >= 2024 ? 'flash2' : 'flash1'
}

/** A ring's rank computes, in each of its turns but the first, half of the pairs of its queries and the visiting keys (zig-zag). */
export function attentionCoreSeconds(core: AttentionCore, direction: 'forward' | 'backward', prices: Prices): number {
  const { causal } = prices
  if (core.steps === 1) return one(core, core.sequenceKv, causal, direction, prices)
  const local = core.sequenceKv / core.steps
  const visiting = core.window !== undefined && core.window < local ? 0 : core.steps - 1
  return (
    one(core, local, causal, direction, prices) +
    visiting * one(core, causal ? local / 2 : local, false, direction, prices)
  )
}

function one(
  core: AttentionCore,
  sequenceKv: number,
  causal: boolean,
  direction: 'forward' | 'backward',
  prices: Prices,
): number {
  const { device, constants, precision, attention } = prices
  if (attention === 'none') return unfused(core, sequenceKv, direction, prices)
  const shape: AttentionShape = { ...core, sequenceKv, causal, window: core.window }
  const best = (core.latent ? latentAttentionSeconds : attentionSeconds)(device, shape, precision.base, direction)
  const factor = direction === 'forward' ? constants.attentionForward : constants.attentionBackward
  return factor * best * kernelFactor(attention, prices)
}

function kernelFactor(kernel: AttentionKernel, { device, constants }: Prices): number {
  const isOld = device.generation === 'volta' || device.generation === 'ampere'
  const native = isOld || kernel === 'native' ? 1 : device.generation === 'blackwell' ? 1.7 * constants.flash2 : constants.flash2
  return kernel === 'flash1' ? native * constants.flash1 : native
}

/** Two products over all pairs, and the scores through memory: written, scaled, masked, normalised, dropped out. */
function unfused(core: AttentionCore, sequenceKv: number, direction: 'forward' | 'backward', { device, precision, constants }: Prices): number {
  const products = direction === 'forward' ? 1 : 2
  const batch = core.batch * core.heads
  const scores = gemmSeconds(device, { m: core.sequenceQ, n: sequenceKv, k: core.headDim }, precision.base)
  const launch = gemmSeconds(device, { m: 0, n: 0, k: 0 }, precision.base)
  return (
    products * 2 * (launch + batch * (scores - launch)) +
    passSeconds(device, constants.scoreBytes * products * batch * core.sequenceQ * sequenceKv, 4 * products)
  )
}
