/** Time of the experts' products on one rank: as many GEMMs as local experts in one launch. */
import type { Device, NumberFormat } from '../../fleet/device.ts'
import { type GemmKind, gemmSeconds } from './gemm.ts'

export interface GroupedShape {
  /** On this rank. */
  readonly experts: number
  /** Of each expert, at balanced routing. */
  readonly rows: number
  readonly n: number
  readonly k: number
}

/** `imbalance`: rows of the most loaded rank over the mean; 1 is balanced. */
export function groupedGemmSeconds(
  device: Device,
  shape: GroupedShape,
  format: NumberFormat,
  imbalance = 1,
  kind: GemmKind = 'forward',
): number {
  const m = shape.rows * imbalance
  const one = gemmSeconds(device, { m, n: shape.n, k: shape.k }, format, kind)
  const launch = gemmSeconds(device, { m: 0, n: 0, k: 0 }, format, kind)
  return launch + shape.experts * (one - launch)
}
