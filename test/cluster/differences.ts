/** Every difference between our answers and kube-apiserver's that we know of and leave, with its reason. Nothing else may differ. */
export interface Difference {
  /** Matches `SCENARIO/NUMBER METHOD PATH`. */
  readonly of: RegExp
  /** Matches the place in the answer; absent: all of it. */
  readonly path?: RegExp
  readonly why: string
}

export const DIFFERENCES: readonly Difference[] = []
