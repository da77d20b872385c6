/** What one evaluation works with: variables, the slots of macros' variables, and the budget. */
import type { CelValue } from './values.ts'

/** The budget is spent: not an error of the rule's own, so nothing in the rule may ignore it. */
export class CostExceeded extends Error {}

export class Frame {
  readonly variables: Record<string, CelValue>
  readonly slots: CelValue[] = []
  cost = 0
  readonly #limit: number

  constructor(variables: Record<string, CelValue>, limit: number) {
    this.variables = variables
    this.#limit = limit
  }

  spend(cost: number): void {
    this.cost += cost
    if (this.cost > this.#limit) throw new CostExceeded('operation cancelled: actual cost limit exceeded')
  }
}
