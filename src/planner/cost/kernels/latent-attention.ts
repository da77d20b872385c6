/** The attention core of multi-head latent attention in training (2405.04434): heads are expanded, keys (192) are wider than values (128). */
import type { Device, NumberFormat } from '../../fleet/device.ts'
import { type AttentionKernel, attentionSeconds } from './attention.ts'
import type { AttentionShape, Direction } from './attention-shape.ts'

export function latentAttentionSeconds(
  device: Device,
  shape: AttentionShape,
  format: NumberFormat,
  direction: Direction,
  kernel: AttentionKernel = 'vendor',
): number {
  return attentionSeconds(device, { ...shape, latent: true }, format, direction, kernel)
}
