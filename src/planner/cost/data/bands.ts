/** Spread of measured over predicted step times; made by `npm run bench:calibrate`, do not edit. Logarithms; 10 % lie below `low`, 10 % above `high`. */

export interface BandCell {
  readonly family: string
  readonly device: string
  readonly isMoe: boolean
  readonly isNarrow: boolean
  readonly yearFrom: number
  readonly yearTo: number
  /** Of the largest alike run. */
  readonly devices: number
  readonly rows: number
  readonly low: number
  readonly high: number
}

export interface BandTable {
  readonly low: number
  readonly high: number
  readonly moeWider: number
  readonly deviceWider: number
  readonly cells: readonly BandCell[]
}

export const BANDS: BandTable = { low: -0.1, high: 0.11, moeWider: 1.4, deviceWider: 2, cells: [] }
