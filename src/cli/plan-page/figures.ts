/** Amounts of a plan as people read them: three digits and a unit. */

const threeDigits = (value: number): string =>
  value >= 99.95 ? grouped(Math.round(value)) : value >= 9.995 ? value.toFixed(1) : value.toFixed(2)

const grouped = (whole: number): string => String(whole).replace(/\B(?=(\d{3})+$)/g, ',')

/** `4.31 s`, `412 ms`, `86.0 us`, `11.9 days`. */
export function seconds(value: number): string {
  const size = Math.abs(value)
  if (size === 0) return '0 s'
  if (size < 0.000_999_5) return `${threeDigits(value * 1e6)} us`
  if (size < 0.9995) return `${threeDigits(value * 1e3)} ms`
  if (size < 600) return `${threeDigits(value)} s`
  if (size < 7200) return `${threeDigits(value / 60)} minutes`
  if (size < 172_800) return `${threeDigits(value / 3600)} hours`
  return size < 63_072_000 ? `${threeDigits(value / 86_400)} days` : `${threeDigits(value / 31_536_000)} years`
}

/** `61.2 GiB`; of memory, so that figures of a page have one unit. */
export const gibibytes = (bytes: number): string => `${threeDigits(bytes / 2 ** 30)} GiB`

/** `46.7 B`, `973 k`: counts. */
export function count(value: number): string {
  if (value < 10_000) return grouped(Math.round(value))
  const [size, unit] =
    value < 999_500 ? [1e3, 'k'] : value < 999.5e6 ? [1e6, 'M'] : value < 999.5e9 ? [1e9, 'B'] : [1e12, 'T']
  return `${threeDigits(value / size)} ${unit}`
}

export const whole = (value: number): string => grouped(Math.round(value))

export const percent = (share: number): string =>
  share > 0 && share < 0.0005 ? '<0.1 %' : `${(share * 100).toFixed(1)} %`

/** `$0.55`, `$551 k`. */
export const dollars = (value: number): string =>
  `$${value < 1 ? Number(value.toPrecision(2)) : value < 1000 ? value.toFixed(2) : count(value)}`
