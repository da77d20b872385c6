/**
 * What a GEMM takes when the device computes without a pause. The kernel model has the clock fall with the length of one product, as a benchmark
 * sees it; in a training step the device is hot all the time, so every product runs at the clock that only the longest ones of the benchmark
 * show: median efficiency of those of 10^14 operations, some 70 ms each (planner/data/microbench-gemm-summary.json; narrow formats without the cast
 * that the benchmark counts with them).
 */
import type { Device } from '../../fleet/device.ts'
import { type GemmFormat, gemmConstants } from '../kernels/gemm-fit.ts'

interface Sustained {
  readonly wide: number
  readonly narrow?: number
}

const EFFICIENCY: Readonly<Record<string, Sustained>> = {
  // At 10^13: the A100's longest, and it does not throttle.
  'A100-80GB SXM': { wide: 0.83 },
  'A100-40GB SXM': { wide: 0.83 },
  'H100-80GB SXM': { wide: 0.712, narrow: 0.668 },
  'H200-141GB SXM': { wide: 0.664, narrow: 0.654 },
  // Measured in long loops by SimuMax (configs/system/b200_bf16_ceperm.json @4dcaae5): .74 of the cold kernel; 70 ms show .546.
  'B200 SXM': { wide: 0.508, narrow: 0.533 },
  'B300 SXM': { wide: 0.613, narrow: 0.592 },
  'GB200 NVL72': { wide: 0.538, narrow: 0.527 },
  'GB300 NVL72': { wide: 0.665, narrow: 0.668 },
}

/**
 * Times the kernel model's GEMM. `depth`: how much further the clock falls over minutes than over those 70 ms, as a power of what it falls by then
 * (the more a device is bound by power, the further).
 */
export function sustainedFactor(device: Device, format: GemmFormat, flops: number, depth: number): number {
  if (device.measured) return 1
  const { fit, operandBytes, measuredOn } = gemmConstants(device, format)
  const sustained = EFFICIENCY[measuredOn]
  if (!sustained) return 1
  const reached = (operandBytes < 2 ? sustained.narrow : undefined) ?? sustained.wide
  const own = fit.efficiency / relativeOf(device, measuredOn, format)
  // As in kernels/gemm.ts: what the model has taken off for this product.
  const taken = 1 + fit.throttle / (1 + Math.exp(4 * (fit.throttleAt - Math.log10(Math.max(1, flops)))))
  return Math.max(1, own / reached) ** depth / taken
}

/** A borrowed fit is scaled by what the device reaches in general; the clock's share is not. */
function relativeOf(device: Device, measuredOn: string, format: GemmFormat): number {
  if (device.name === measuredOn) return 1
  const source = gemmConstants({ ...device, name: measuredOn }, format).fit.efficiency
  return gemmConstants(device, format).fit.efficiency / source
}
