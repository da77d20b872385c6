/** With a model, a degree that is absent is the planner's to choose; without one it is 1. */
import type { Parallelism } from '../kinds.ts'

export const isPlanned = (parallelism: Parallelism, axes: readonly (keyof Parallelism)[]): boolean =>
  axes.some(axis => parallelism[axis] === undefined)
