/** The attention core of multi-head latent attention in training: heads expanded, keys wider than values. */
import type { Device, NumberFormat } from '../../fleet/device.ts'
import { type AttentionShape, attentionSeconds } from './attention.ts'

export function latentAttentionSeconds(
  device: Device,
  shape: AttentionShape,
  format: NumberFormat,
  direction: 'forward' | 'backward',
): number {
  return attentionSeconds(device, shape, format, direction)
}
