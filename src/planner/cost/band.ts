/**
 * The 80 % band of a prediction: between which multiples of it eight in ten measured runs lie. Two sources, both from calibration rows alone
 * (bench/planner/fit/bands.ts): where runs like this one were calibrated on (same software, release, device and kind of model), their own spread;
 * elsewhere the spread of rows whose whole group was held out when the constants were fitted, wider for what the model knows less of.
 */
import type { BandTable } from './band-table.ts'
import { BANDS } from './data/bands.ts'
import type { StepInput } from './prediction.ts'

export interface Band {
  readonly low: number
  readonly high: number
}

/** What makes runs alike. */
export interface Likeness {
  readonly family: string
  readonly year: number
  readonly device: string
  readonly isMoe: boolean
  readonly isNarrow: boolean
  readonly devices: number
}

export const likenessOf = ({ model, fleet, workload, layout, software }: StepInput): Likeness => ({
  family: software.family,
  year: software.year,
  device: fleet.pools[0]!.device.name,
  isMoe: model.shapes.some(shape => shape.mlp?.kind === 'experts'),
  isNarrow: /fp8|fp4/.test(workload.precision.gemm),
  devices: layout.data * layout.context * layout.tensor * layout.pipeline,
})

/** Releases further apart than a quarter count as different software. */
export const SAME_RELEASE_YEARS = 0.25

/** How much wider than a dense model on a device with microbenchmarks under full power. */
function uncertainty({ isMoe, device }: Likeness, table: BandTable): number {
  const isKnown = MEASURED.test(device) && !/limited/.test(device)
  return (isMoe ? table.moeWider : 1) * (isKnown ? 1 : table.deviceWider)
}

/** Devices whose kernels were measured (planner/data/kernels). */
const MEASURED = /^(A100|H100|H200|B200|B300|GB200|GB300)/

/** What each doubling of devices beyond those of the alike runs adds (weak scaling's own spread). */
const WIDER_A_DOUBLING = 0.006

/** Logarithms of measured over predicted at the band's ends. */
export function spreadOf(like: Likeness, table: BandTable = BANDS): Band {
  const cell = table.cells.find(
    one =>
      one.family === like.family &&
      one.device === like.device &&
      one.isMoe === like.isMoe &&
      one.isNarrow === like.isNarrow &&
      like.year >= one.yearFrom - SAME_RELEASE_YEARS &&
      like.year <= one.yearTo + SAME_RELEASE_YEARS,
  )
  if (cell) {
    const beyond = WIDER_A_DOUBLING * Math.log2(Math.max(1, like.devices / cell.devices))
    return { low: cell.low - beyond, high: cell.high + beyond }
  }
  const wider = uncertainty(like, table)
  return { low: table.low * wider, high: table.high * wider }
}

export function bandOf(input: StepInput, seconds: number, table: BandTable = BANDS): Band {
  const { low, high } = spreadOf(likenessOf(input), table)
  return { low: seconds * Math.exp(low), high: seconds * Math.exp(high) }
}

/**
 * After the user's own runs of this software and fleet have fixed one factor: what was common to all of them is gone, which is most of the error
 * of a run unlike those of the calibration (measured: simumax-b200 held out, one anchor row).
 */
const LEFT_AFTER_ANCHOR = 0.55

export function narrowed(band: Band, factor: number): Band {
  const middle = Math.sqrt(band.low * band.high) * factor
  const half = (band.high / band.low) ** (LEFT_AFTER_ANCHOR / 2)
  return { low: middle / half, high: middle * half }
}
