/** Passes over memory: norms, rotary embedding, activation, residual, permute, casts. Their arithmetic is free; bytes and launches are not. */
import type { Device } from '../../fleet/device.ts'
import { measuredPassSeconds } from '../measured/kernels.ts'
import { PASS_FITS } from './data/pass-fits.ts'
import type { PassFit } from './fitted-pass.ts'

/** Where no pass was measured: the A100's copy of STREAM is at 0.87 of its data sheet, ROCm's and TPU's somewhat lower. */
const DEFAULTS: Readonly<Record<Device['generation'], PassFit>> = {
  volta: { memoryEfficiency: 0.85, launchMicroseconds: 3 },
  ampere: { memoryEfficiency: 0.86, launchMicroseconds: 2.5 },
  hopper: { memoryEfficiency: 0.88, launchMicroseconds: 2 },
  blackwell: { memoryEfficiency: 0.84, launchMicroseconds: 2 },
  cdna2: { memoryEfficiency: 0.75, launchMicroseconds: 5 },
  cdna3: { memoryEfficiency: 0.75, launchMicroseconds: 4 },
  cdna4: { memoryEfficiency: 0.75, launchMicroseconds: 4 },
  tpu: { memoryEfficiency: 0.85, launchMicroseconds: 2 },
  cpu: { memoryEfficiency: 0.85, launchMicroseconds: 0 },
}

const passFit = (device: Device): PassFit => PASS_FITS[device.name] ?? DEFAULTS[device.generation]

/** `bytes` read and written together. */
export function passSeconds(device: Device, bytes: number, launches: number): number {
  if (device.measured) return measuredPassSeconds(device.measured, 'bf16', undefined, bytes, 'forward')
  const { memoryEfficiency, launchMicroseconds } = passFit(device)
  return bytes / (memoryEfficiency * device.memoryBytesPerSecond) + launches * launchMicroseconds * 1e-6
}
