/** The table of `src/planner/cost/band.ts`: spreads of calibration rows, in place where their like is known and held out by group elsewhere. */
import { type Likeness, likenessOf, SAME_RELEASE_YEARS } from '../../../src/planner/cost/band.ts'
import type { BandCell, BandTable } from '../../../src/planner/cost/band-table.ts'
import { predictStepTime } from '../../../src/planner/cost/step/predict-step.ts'
import type { StepConstants } from '../../../src/planner/cost/step/step-constants.ts'
import type { Run } from '../accuracy/read-rows.ts'

/** A run with log(measured / predicted), by constants that knew it or by constants that did not. */
export interface Residual {
  readonly run: Run
  readonly like: Likeness
  readonly log: number
}

/** Fewer rows than these say nothing about a tenth of them. */
const LEAST_ROWS = 8

export const residualsOf = (runs: readonly Run[], constants: StepConstants): readonly Residual[] =>
  runs.map(run => ({
    run,
    like: likenessOf(run.input),
    log: Math.log(run.measuredSeconds! / predictStepTime(run.input, constants).seconds),
  }))

/** A little less than a tenth: rows that took part in the fit err less than those to come. */
const TAIL = 0.085

/** Linear between ranks, a little outwards: of n values as many lie beyond as of any further ones. */
function quantileOf(sorted: readonly number[], q: number): number {
  const at = Math.min(sorted.length - 1, Math.max(0, q * (sorted.length + 1) - 1))
  const low = Math.floor(at)
  const next = sorted[Math.min(sorted.length - 1, low + 1)]!
  return sorted[low]! + (at - low) * (next - sorted[low]!)
}

export function cellsOf(residuals: readonly Residual[]): readonly BandCell[] {
  const groups: Residual[][] = []
  const ordered = [...residuals].sort((a, b) => a.like.year - b.like.year)
  for (const one of ordered) {
    const home = groups.find(group => isAlike(group.at(-1)!.like, one.like))
    if (home) home.push(one)
    else groups.push([one])
  }
  return groups.filter(group => group.length >= LEAST_ROWS).map(cellOf)
}

const isAlike = (a: Likeness, b: Likeness): boolean =>
  a.family === b.family &&
  a.device === b.device &&
  a.isMoe === b.isMoe &&
  a.isNarrow === b.isNarrow &&
  Math.abs(a.year - b.year) <= SAME_RELEASE_YEARS

function cellOf(group: readonly Residual[]): BandCell {
  const sorted = group.map(one => one.log).sort((a, b) => a - b)
  const { family, device, isMoe, isNarrow } = group[0]!.like
  const years = group.map(one => one.like.year)
  const rounded = (value: number): number => Number(value.toFixed(4))
  return {
    family,
    device,
    isMoe,
    isNarrow,
    yearFrom: rounded(Math.min(...years)),
    yearTo: rounded(Math.max(...years)),
    devices: Math.max(...group.map(one => one.like.devices)),
    rows: group.length,
    low: rounded(quantileOf(sorted, TAIL)),
    high: rounded(quantileOf(sorted, 1 - TAIL)),
  }
}

/** What no held-out row tells of is at least that much less sure. */
const UNSEEN_WIDER = 2.5

/** Held-out spreads count by group, so that a page with many rows does not speak for all software. */
export function tableOf(known: readonly Residual[], heldOut: readonly Residual[]): BandTable {
  const isSure = ({ like }: Residual): boolean => !like.isMoe && !/limited|^MI|^V100/.test(like.device)
  const half = (some: readonly Residual[]): number =>
    weightedQuantile(
      some.map(one => ({ ...one, log: Math.abs(one.log) })),
      0.8,
    )
  const sure = heldOut.filter(isSure)
  const base = half(sure)
  const moe = heldOut.filter(one => one.like.isMoe)
  const odd = heldOut.filter(one => !one.like.isMoe && !isSure(one))
  const ratio = (some: readonly Residual[]): number =>
    some.length < LEAST_ROWS ? UNSEEN_WIDER : Number(Math.min(3, Math.max(1, half(some) / base)).toFixed(2))
  return {
    // Half way between what these rows show on either side and both sides alike: which way other software errs says little of which way this does,
    // but what a model forgets makes runs slower, not faster.
    low: Number(((weightedQuantile(sure, 0.1) - base) / 2).toFixed(4)),
    high: Number(((weightedQuantile(sure, 0.9) + base) / 2).toFixed(4)),
    moeWider: ratio(moe),
    deviceWider: ratio(odd),
    cells: cellsOf(known),
  }
}

function weightedQuantile(residuals: readonly Residual[], q: number): number {
  const sizes = new Map<string, number>()
  for (const { run } of residuals) sizes.set(run.row.source_group, (sizes.get(run.row.source_group) ?? 0) + 1)
  const sorted = [...residuals].sort((a, b) => a.log - b.log)
  const weight = (one: Residual): number => 1 / Math.sqrt(sizes.get(one.run.row.source_group)!)
  const total = sorted.reduce((sum, one) => sum + weight(one), 0)
  let passed = 0
  for (const one of sorted) {
    passed += weight(one)
    if (passed >= q * total) return one.log
  }
  return sorted.at(-1)?.log ?? 0
}
