/** Claims about our own code. A user's mistake is a `Problem`, never one of these. */

/** Throws when something that we believed does not hold: a bug of ours. */
export function invariant(condition: unknown, belief: string): asserts condition {
  if (!condition) throw new Error(`bug in solvent: ${belief}`)
}

/** Ends a `switch` over a tag, so that a new kind is a compile error at every place that must learn of it. */
export function unreachable(value: never): never {
  throw new Error(`bug in solvent: unexpected value ${JSON.stringify(value)}`)
}
