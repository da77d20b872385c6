/** What one question to the search has found so far: the most promising layouts are predicted as a whole, the others wait. */
import type { StepPrediction } from '../cost/prediction.ts'
import type { Layout } from '../training/layout.ts'
import { compareLayouts } from './layout-order.ts'
import type { Scored, Tally } from './node.ts'
import { Rejections } from './rejections.ts'

export interface Found {
  readonly layout: Layout
  readonly prediction: StepPrediction
}

/** What one question has found so far. */
export class Run {
  readonly tally: Tally = {
    scored: 0,
    fitting: 0,
    tooSlow: 0,
    tooLarge: 0,
    nearestBytes: Number.POSITIVE_INFINITY,
    nearest: undefined,
  }
  readonly rejections = new Rejections()
  found: Found | undefined
  readonly #predict: (layout: Layout) => StepPrediction
  readonly #capacity: number
  readonly #below: number
  #waiting: Scored[] = []
  #fresh: Scored[] = []

  constructor(predict: (layout: Layout) => StepPrediction, capacity: number, belowSeconds: number) {
    this.#predict = predict
    this.#capacity = capacity
    this.#below = belowSeconds
  }

  readonly limit = (): number => Math.min(this.found?.prediction.seconds ?? Number.POSITIVE_INFINITY, this.#below)

  readonly offer = (scored: Scored): void => {
    this.tally.fitting++
    this.#fresh.push(scored)
  }

  /** Predicts the most promising layout of the node that was just scored, so that the limit falls early; the others wait. */
  settle(): void {
    if (this.#fresh.length === 0) return
    const [first, ...others] = this.#fresh.sort(byPromise)
    this.#fresh = []
    this.#waiting.push(...others)
    this.#try(first!)
  }

  /** All that wait, most promising first, until none can win. */
  finish(): void {
    for (const scored of this.#waiting.sort(byPromise)) {
      if (scored.leastSeconds > this.limit()) break
      this.#try(scored)
    }
    this.#waiting = []
  }

  #try(scored: Scored): void {
    if (scored.leastSeconds > this.limit()) return
    const prediction = this.#predict(scored.layout)
    if (!prediction.fits || mostNeeded(prediction) > this.#capacity) return
    if (prediction.seconds > this.limit()) return
    if (
      this.found &&
      prediction.seconds === this.found.prediction.seconds &&
      compareLayouts(scored.layout, this.found.layout) > 0
    )
      return
    this.found = { layout: scored.layout, prediction }
  }
}

const byPromise = (a: Scored, b: Scored): number =>
  a.leastSeconds - b.leastSeconds || compareLayouts(a.layout, b.layout)

/** Memory that the fullest rank's device must have. */
export const mostNeeded = ({ stages }: StepPrediction): number =>
  stages.reduce((most, { memory }) => Math.max(most, memory.reserved + memory.context), 0)
