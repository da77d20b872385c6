/** One plan as `solvent plan` shows it: for people and for programs. */
export interface ShownPlan {
  readonly lines: readonly string[]
  /** Absent where there is nothing to plan. */
  readonly data?: object
}
