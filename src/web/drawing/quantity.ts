/** Quantities as people read them: three figures, the unit that fits. */

const three = (value: number): string => {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })
}

export function duration(seconds: number): string {
  if (seconds < 1e-3) return `${three(seconds * 1e6)} µs`
  if (seconds < 1) return `${three(seconds * 1e3)} ms`
  if (seconds < 120) return `${three(seconds)} s`
  if (seconds < 7200) return `${three(seconds / 60)} min`
  if (seconds < 172_800) return `${three(seconds / 3600)} h`
  return `${three(seconds / 86_400)} days`
}

export const gibibytes = (bytes: number): string => `${three(bytes / 2 ** 30)} GiB`

export function short(value: number): string {
  for (const [size, unit] of [
    [1e12, 'T'],
    [1e9, 'G'],
    [1e6, 'M'],
    [1e3, 'k'],
  ] as const) {
    if (value >= size) return `${three(value / size)}${unit}`
  }
  return three(value)
}

export const percent = (share: number): string => `${(share * 100).toFixed(share < 0.0995 ? 1 : 0)} %`
