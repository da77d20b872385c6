/** The optimizer's step: one fused pass over parameters, gradients and states of this rank. */
import type { Device } from '../../fleet/device.ts'
import { passSeconds } from './pass.ts'

/** A multi-tensor kernel takes some hundred tensors a launch; a few more launches count norms and scale. */
const launches = 20

/** `bytesPerParameter`: read and written together, gradient norm included. */
export function optimizerSeconds(device: Device, parameters: number, bytesPerParameter: number): number {
  return passSeconds(device, parameters * bytesPerParameter, parameters > 0 ? launches : 0)
}
