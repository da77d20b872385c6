/** Which constants price a GEMM on a device: those measured on it, or the nearest generation's. */
import type { Device, NumberFormat } from '../../fleet/device.ts'

export interface GemmConstants {
  readonly launchSeconds: number
  readonly efficiency: number
  readonly memoryEfficiency: number
  readonly peakFlops: number
  readonly operandBytes: number
}

const bf16: Readonly<Record<Device['generation'], readonly [number, number, number]>> = {
  volta: [13e-6, 0.7, 0.7],
  ampere: [13.35e-6, 0.768, 0.698],
  hopper: [4.4e-6, 0.746, 0.803],
  blackwell: [3.4e-6, 0.656, 0.9],
  cdna3: [10e-6, 0.5, 0.7],
  cdna4: [10e-6, 0.6, 0.7],
  tpu: [10e-6, 0.7, 0.8],
}
const bytes: Readonly<Record<NumberFormat, number>> = { fp32: 4, fp16: 2, bf16: 2, fp8: 1, mxfp8: 1, nvfp4: 0.5 }

export function gemmConstants(device: Device, format: NumberFormat): GemmConstants {
  const [launchSeconds, e, memoryEfficiency] = bf16[device.generation]
  const peak = device.peakFlops[format] ?? (format === 'mxfp8' ? device.peakFlops.fp8 : undefined)
  const fallback = device.peakFlops.bf16 ?? device.peakFlops.fp16 ?? 1e14
  const isNarrow = bytes[format] < 2 && peak !== undefined
  return {
    launchSeconds: isNarrow ? 10e-6 : launchSeconds,
    efficiency: isNarrow ? e * 0.85 : e,
    memoryEfficiency,
    peakFlops: peak ?? (format === 'fp32' ? fallback / 2 : fallback),
    operandBytes: bytes[format],
  }
}
