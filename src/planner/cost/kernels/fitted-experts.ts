/** The constants of a layer of experts on one kind of device in one number format. */
export interface ExpertsFit {
  /** Of the rate of one large GEMM of the same waves. */
  readonly efficiency: number
  /** Of the benchmarked layer: some ten kernels. */
  readonly launchMicroseconds: number
  /** Of the memory's bandwidth, reached by permuting, activating and gathering rows. */
  readonly passEfficiency: number
}
