/** How the orders are written down: one list of numbers a rank, each number an action; `table.ts` makes the table of them. */
import { BACKWARD, FORWARD, INPUT, WEIGHT } from './action.ts'

/** The actions of one rank in order. */
export class Lane {
  readonly codes: number[] = []
  readonly #microBatches: number

  constructor(microBatches: number) {
    this.#microBatches = microBatches
  }

  forward(stage: number, microBatch: number): void {
    this.#push(FORWARD, stage, microBatch)
  }
  backward(stage: number, microBatch: number): void {
    this.#push(BACKWARD, stage, microBatch)
  }
  input(stage: number, microBatch: number): void {
    this.#push(INPUT, stage, microBatch)
  }
  weight(stage: number, microBatch: number): void {
    this.#push(WEIGHT, stage, microBatch)
  }
  add(kind: number, stage: number, microBatch: number): void {
    this.#push(kind, stage, microBatch)
  }
  /** The next two actions run as one. */
  pairNext(): void {
    this.#paired = PAIRED
  }

  #paired = 0
  #push(kind: number, stage: number, microBatch: number): void {
    this.codes.push(((stage * this.#microBatches + microBatch) << 3) | this.#paired | kind)
    this.#paired = 0
  }
}

const PAIRED = 4
export const kindOf = (code: number): number => code & 3
export const isPairedCode = (code: number): boolean => (code & PAIRED) !== 0
/** stage x microBatches + microBatch. */
export const cellOf = (code: number): number => code >> 3
