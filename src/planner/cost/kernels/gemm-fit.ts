/**
 * What a GEMM costs on one kind of device in one number format: eight constants from measurements (`data/gemm-fits.ts`), or those of the nearest
 * device that was measured.
 */
import type { Device } from '../../fleet/device.ts'
import { GEMM_FITS } from './data/gemm-fits.ts'
import type { GemmFit, GemmFormat } from './fitted-gemm.ts'

export type { GemmFit, GemmFormat } from './fitted-gemm.ts'

export interface GemmConstants {
  readonly fit: GemmFit
  readonly peakFlops: number
  readonly operandBytes: number
  /** The device whose measurements these are; another than asked for where it was not measured itself. */
  readonly measuredOn: string
}

const OPERAND_BYTES: Readonly<Record<GemmFormat, number>> = {
  fp32: 4,
  fp16: 2,
  bf16: 2,
  fp8: 1,
  fp8Block: 1,
  mxfp8: 1,
  nvfp4: 0.5,
}

interface Relative {
  readonly name: string
  /** The best measured fraction of the peak over that of the relative (stas00/ml-engineering, maximum achievable matmul). */
  readonly efficiency: number
  /** The same in fp8 and fp4, where it differs. */
  readonly narrow?: number
}

// SemiAnalysis, December 2024: 620 TFLOP/s in bf16 where an H100 does 720, 990 in fp8 where it does 1,280.
const MI300X: Relative = { name: 'H100-80GB SXM', efficiency: 0.65, narrow: 0.585 }

/** Whose constants a device borrows: by name where two of its generation were measured, else by generation. */
const RELATIVES: Readonly<Record<string, Relative>> = {
  GH200: { name: 'H200-141GB SXM', efficiency: 1.04 },
  MI325X: { name: 'H100-80GB SXM', efficiency: 0.75, narrow: 0.67 },
}
const BY_GENERATION: Readonly<Record<Device['generation'], Relative>> = {
  // Its tensor cores reach 0.72 of 125 TFLOP/s in large products where the A100's reach 0.86 of 312.
  volta: { name: 'A100-80GB SXM', efficiency: 0.83 },
  ampere: { name: 'A100-80GB SXM', efficiency: 1 },
  hopper: { name: 'H100-80GB SXM', efficiency: 1 },
  blackwell: { name: 'B200 SXM', efficiency: 1 },
  cdna2: { name: 'H100-80GB SXM', efficiency: 0.55 },
  cdna3: MI300X,
  cdna4: { name: 'H100-80GB SXM', efficiency: 0.85, narrow: 0.8 },
  // Systolic arrays as large as a tile lose less than a GPU; nothing measured here, so no more than the A100's.
  tpu: { name: 'A100-80GB SXM', efficiency: 1 },
  // Measured where they stand (cost/measured).
  cpu: { name: 'A100-80GB SXM', efficiency: 1 },
}

interface Remembered {
  readonly peak: number | undefined
  readonly constants: GemmConstants
}

const cache = new Map<GemmFormat, Map<string, Remembered>>()

/** Remembered by name, since a search asks a million times; two devices of one name and different peaks (a power cap, a variant) are told apart. */
export function gemmConstants(device: Device, format: GemmFormat): GemmConstants {
  let ofFormat = cache.get(format)
  if (!ofFormat) {
    ofFormat = new Map()
    cache.set(format, ofFormat)
  }
  const peak = peakFlops(device, format)
  const known = ofFormat.get(device.name)
  if (known && known.peak === peak) return known.constants
  const constants = findConstants(device, format)
  ofFormat.set(device.name, { peak, constants })
  return constants
}

function findConstants(device: Device, format: GemmFormat): GemmConstants {
  const relative: Relative = GEMM_FITS[device.name]
    ? { name: device.name, efficiency: 1 }
    : (RELATIVES[device.name] ?? BY_GENERATION[device.generation])
  const fits = GEMM_FITS[relative.name]!
  const peak = peakFlops(device, format)
  // A format that the device lacks is computed in the next wider one.
  if (peak === undefined && format !== 'bf16') return findConstants(device, format === 'fp32' ? 'bf16' : wider(format))
  const fit = fits[format] ?? fits[FALLBACK[format]] ?? fits.bf16!
  const scale = (OPERAND_BYTES[format] < 2 ? relative.narrow : undefined) ?? relative.efficiency
  return {
    fit: scale === 1 ? fit : { ...fit, efficiency: fit.efficiency * scale },
    peakFlops: peak ?? 1e14,
    operandBytes: OPERAND_BYTES[format],
    measuredOn: relative.name,
  }
}

const FALLBACK: Readonly<Record<GemmFormat, GemmFormat>> = {
  fp32: 'bf16',
  fp16: 'bf16',
  bf16: 'bf16',
  fp8: 'bf16',
  fp8Block: 'fp8',
  // Blackwell's scaled-block tensor instructions: what the block-scaled benchmark runs there.
  mxfp8: 'fp8Block',
  nvfp4: 'fp8',
}

const wider = (format: GemmFormat): GemmFormat => (format === 'nvfp4' ? 'fp8' : 'bf16')

function peakFlops({ peakFlops: peaks }: Device, format: GemmFormat): number | undefined {
  const half = peaks.bf16 ?? peaks.fp16
  if (format === 'bf16' || format === 'fp16') return half
  if (format === 'fp8Block') return peaks.fp8
  if (format === 'mxfp8') return peaks.mxfp8 ?? peaks.fp8
  // TF32 on tensor cores: half of bf16's rate.
  if (format === 'fp32') return peaks.fp32 ?? (half === undefined ? undefined : half / 2)
  return peaks[format]
}
