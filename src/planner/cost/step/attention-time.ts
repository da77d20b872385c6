/**
 * Time of the attention core with the kernel that the software brings: the device's best with Transformer Engine, PyTorch's own
 * FlashAttention-2 with torch, the first FlashAttention before, none (scores through memory) before that.
 */
import type { Device } from '../../fleet/device.ts'
import type { AttentionCore } from '../../model/operator.ts'
import { attentionSeconds } from '../kernels/attention.ts'
import { latentAttentionSeconds } from '../kernels/latent-attention.ts'
import type { Software } from '../software.ts'
import type { AttentionSoftware, Prices } from './prices.ts'
import { sustainedFactor } from './sustained-clock.ts'

/** PyTorch calls cuDNN on Blackwell since 2.8 (torchtitan #1196), FlashAttention-2 elsewhere. */
const CUDNN_IN_TORCH = 2025.4

export function attentionSoftware({ family, year, features }: Software, device: Device): AttentionSoftware {
  if (!features.flashAttention) return 'unfused'
  if (family === 'nemo' || family === 'megatron') return year >= 2024 ? 'vendor' : 'flash2'
  if (device.generation === 'blackwell' && year >= CUDNN_IN_TORCH) return 'vendor'
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
  const shape = { ...core, sequenceKv, causal, window: core.window }
  const kernel = attention === 'flash1' ? 'flash2' : attention
  const seconds = (core.latent ? latentAttentionSeconds : attentionSeconds)(
    device,
    shape,
    precision.base,
    direction,
    kernel,
  )
  if (device.measured) return seconds
  // Scores through memory are bytes and plain products, not a kernel's schedule.
  if (attention === 'unfused') return seconds
  return seconds * heat(prices) * constants.attention * (attention === 'flash1' ? constants.flash1 : 1)
}

/** A hot device's clock holds for attention's products, too; on Blackwell about half of its time is exponentials and shared memory. */
function heat({ device, precision, constants }: Prices): number {
  const factor = sustainedFactor(device, precision.base, 1, constants.throttleDepth)
  return device.generation === 'blackwell' ? Math.sqrt(factor) : factor
}
