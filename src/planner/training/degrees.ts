/** How many ways each axis is cut: the numbers of a parallel strategy that decide who computes what. */

export interface Degrees {
  readonly data: number
  readonly context: number
  readonly tensor: number
  readonly pipeline: number
  readonly expert: number
  readonly expertTensor: number
}

export type Axis = keyof Degrees

export const AXES: readonly Axis[] = ['data', 'context', 'tensor', 'pipeline', 'expert', 'expertTensor']
