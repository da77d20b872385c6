/** Amounts in the sentences of an analysis. */

/** `6 %`, `0.4 %`. */
export function percent(share: number): string {
  const value = 100 * share
  return `${value >= 10 ? Math.round(value) : Number(value.toPrecision(1 + (value >= 1 ? 1 : 0)))} %`
}

/** `41 ms`, `1.3 s`. */
export function duration(seconds: number): string {
  const ms = Math.abs(seconds) * 1e3
  if (ms >= 1000) return `${Number((ms / 1e3).toPrecision(2))} s`
  return `${ms >= 10 ? Math.round(ms) : Number(ms.toPrecision(2))} ms`
}

/** `1.04 times as fast`, `as fast`. */
export function speed(speedup: number): string {
  if (Math.abs(speedup - 1) < 0.005) return 'as fast'
  return `${Number(speedup.toPrecision(3))} times as fast`
}
