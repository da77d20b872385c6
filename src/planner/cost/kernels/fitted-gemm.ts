/** The constants of a GEMM's time on one kind of device in one number format, as `bench/planner/fit-kernels.ts` finds them. */
import type { NumberFormat } from '../../fleet/device.ts'

export interface GemmFit {
  readonly launchMicroseconds: number
  /** Of the data sheet's dense peak, for a large product that fills every wave. */
  readonly efficiency: number
  /** Of the same, for tiles of 128 x 128 and less, over the larger ones. */
  readonly smallTile: number
  /** How much of a last, partly filled wave is waited for: 1 all of it, 0 none (split along k, or tiles of several sizes). */
  readonly waveShare: number
  /** Steps of depth at which half of that share is gone: deep products are split. */
  readonly splitDepth: number
  /** Steps along k that filling a tile's pipeline and writing its result cost. */
  readonly fillSteps: number
  /** Of the memory's bandwidth; above 1 where operands stay in the cache between the runs of a benchmark. */
  readonly memoryEfficiency: number
  /** Lost to the power limit by long products. */
  readonly throttle: number
  /** Decimal logarithm of the operations at which half of it is lost. */
  readonly throttleAt: number
}

/** One scale a block of 128 (DeepSeek's recipe) runs through other kernels than one scale a tensor. */
export type GemmFormat = NumberFormat | 'fp8Block'
