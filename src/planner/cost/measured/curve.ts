/** Reading a measured curve between, below and above its points. */

/** `ys` at `x` on straight lines through the logarithms; below the first point it is flat, above the last it grows as x does. */
export function onCurve(xs: readonly number[], ys: readonly number[], x: number): number {
  const last = xs.length - 1
  if (x <= xs[0]!) return ys[0]!
  if (x >= xs[last]!) return (ys[last]! * x) / xs[last]!
  let i = 1
  while (xs[i]! < x) i++
  const share = Math.log(x / xs[i - 1]!) / Math.log(xs[i]! / xs[i - 1]!)
  return positive(ys[i - 1]!) ** (1 - share) * positive(ys[i]!) ** share
}

/** A measurement of nothing is the clock's resolution. */
const positive = (seconds: number): number => Math.max(seconds, 1e-9)

/** The two points around `x`, and how far it lies from the first to the second (in logarithms); outside the ends, the end. */
export function between(xs: readonly number[], x: number): readonly [low: number, high: number, share: number] {
  const last = xs.length - 1
  if (x <= xs[0]!) return [0, 0, 0]
  if (x >= xs[last]!) return [last, last, 0]
  let i = 1
  while (xs[i]! < x) i++
  return [i - 1, i, Math.log(x / xs[i - 1]!) / Math.log(xs[i]! / xs[i - 1]!)]
}
