/** Passes over memory: norms, rotary embedding, activation, residual, permute, casts. Their arithmetic is free; bytes and launches are not. */
import type { Device } from '../../fleet/device.ts'

/** Streaming kernels reach four fifths of the memory's data sheet, and each starts in about 3 microseconds (AIConfigurator's memory model). */
const memoryEfficiency = 0.8
const launchSeconds = 3e-6

/** `bytes` read and written together. */
export function passSeconds(device: Device, bytes: number, launches: number): number {
  return bytes / (memoryEfficiency * device.memoryBytesPerSecond) + launches * launchSeconds
}
