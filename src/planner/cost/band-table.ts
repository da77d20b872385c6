/** Spreads of measured over predicted step times. Logarithms; a tenth of the rows lies below `low`, a tenth above `high`. */

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
