/**
 * Time of the attention core with the kernel that the software brings: the device's best with Transformer Engine, PyTorch's own
 * FlashAttention-2 with torch, the first FlashAttention before, none (scores through memory) before that.
 */
import type { AttentionCore } from '../../model/operator.ts'
import { attentionSeconds } from '../kernels/attention.ts'
import { latentAttentionSeconds } from '../kernels/latent-attention.ts'
import type { Software } from '../software.ts'
import type { AttentionSoftware, Prices } from './prices.ts'
import { sustainedFactor } from './sustained-clock.ts'

export function attentionSoftware({ family, year, features }: Software): AttentionSoftware {
  if (!features.flashAttention) return 'unfused'
  if (family === 'nemo' || family === 'megatron') return year >= 2024 ? 'vendor' : 'flash2'
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
  { device, constants, precision, attention }: Prices,
): number {
  const shape = { ...core, sequenceKv, causal, window: core.window }
  const kernel = attention === 'flash1' ? 'flash2' : attention
  const seconds = (core.latent ? latentAttentionSeconds : attentionSeconds)(
    device,
    shape,
    precision.base,
    direction,
    kernel,
  )
  // Attention is measured in short runs, too: a hot device's clock holds for its products as for all others.
  const hot = attention === 'unfused' ? 1 : sustainedFactor(device, precision.base, 1)
  return seconds * hot * constants.attention * (attention === 'flash1' ? constants.flash1 : 1)
}
