/** Colours of categories: the same effect, axis or action has the same one in every view. */
import type { Effect } from '../../planner/cost/prediction.ts'

const hue = (index: number): string => `var(--c${index})`

export const EFFECT_INK: Readonly<Record<Effect, string>> = {
  gemm: hue(0),
  experts: hue(7),
  attention: hue(4),
  memoryBound: hue(5),
  recompute: hue(6),
  host: hue(9),
  tensorComm: hue(1),
  contextComm: hue(8),
  expertComm: hue(3),
  pipelineComm: hue(2),
  bubble: 'var(--line)',
  dataComm: hue(10),
  optimizer: hue(11),
  other: hue(9),
}

export const MEMORY_INK = {
  parameters: hue(0),
  gradients: hue(1),
  optimizerStates: hue(4),
  activations: hue(2),
  working: hue(6),
  fragmentation: hue(9),
  context: hue(5),
} as const

/** Forward, backward, input gradient, weight gradient. */
export const ACTION_INK = [hue(0), hue(1), hue(1), hue(2)] as const

/** The n-th of several equals. Twelve hues; then they come again. */
export const nthInk = (n: number): string => hue(n % 12)

/** A canvas knows no custom properties: what `ink` is under the page's present colour scheme. */
export function resolved(ink: string): string {
  const name = /^var\((.*)\)$/.exec(ink)?.[1]
  return name ? getComputedStyle(document.documentElement).getPropertyValue(name).trim() : ink
}
