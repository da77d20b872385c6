/**
 * Kubernetes quantities (`100m`, `1.5Gi`, `2e3`), exactly: a whole number of nano-units as a bigint, the finest step the format knows.
 * Follows apimachinery's api/resource: finer values round away from zero, larger ones than 2^63-1 are capped, and the canonical form has no
 * fraction and the largest suffix that keeps it so. Arithmetic-heavy code (the scheduler) takes `milliValue` and `wholeValue`: numbers,
 * rounded up as upstream's MilliValue and Value, exact up to 2^53.
 */
import { invariant } from '../base/invariant.ts'

export interface Quantity {
  /** Billionths of one unit. */
  readonly nanos: bigint
  /** How it was written, and so how it is printed: powers of 1024, powers of 1000, or `e3`. */
  readonly format: 'BinarySI' | 'DecimalSI' | 'DecimalExponent'
}

const NANO = 1_000_000_000n
const MAX_NANOS = (2n ** 63n - 1n) * NANO
const DECIMAL_SUFFIXES = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E']
const BINARY_SUFFIXES = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei']
const SYNTAX = /^([+-]?)(\d*)(?:\.(\d*))?([numkMGTPE]|[KMGTPE]i|[eE][+-]?\d+|)$/

/** `undefined` where the text is no quantity. Numbers are taken as JSON would write them. */
export function parseQuantity(text: string | number): Quantity | undefined {
  const [, sign = '', whole = '', fraction = '', suffix = ''] = SYNTAX.exec(String(text)) ?? []
  if (whole === '' && fraction === '') return undefined
  const scale = suffixScale(suffix)
  // Past 10^40 every digit string is above the cap or below a nano-unit: no reason to compute such a power.
  const exponent = Math.max(-60, Math.min(40, scale.exponent + 9)) - fraction.length
  const digits = BigInt(whole + fraction) * scale.factor
  const magnitude = exponent >= 0 ? digits * 10n ** BigInt(exponent) : divideUp(digits, 10n ** BigInt(-exponent))
  const capped = magnitude > MAX_NANOS ? MAX_NANOS : magnitude
  return { nanos: sign === '-' ? -capped : capped, format: scale.format }
}

function suffixScale(suffix: string): { exponent: number; factor: bigint; format: Quantity['format'] } {
  const binary = BINARY_SUFFIXES.indexOf(suffix)
  if (binary > 0) return { exponent: 0, factor: 1024n ** BigInt(binary), format: 'BinarySI' }
  const decimal = DECIMAL_SUFFIXES.indexOf(suffix)
  if (decimal >= 0) return { exponent: (decimal - 3) * 3, factor: 1n, format: 'DecimalSI' }
  return { exponent: Number(suffix.slice(1)), factor: 1n, format: 'DecimalExponent' }
}

/** For non-negative dividends. */
const divideUp = (dividend: bigint, divisor: bigint): bigint => (dividend + divisor - 1n) / divisor

/** The canonical form: `0.5` -> `500m`, `1024Mi` -> `1Gi`, `1000m` -> `1`. */
export function formatQuantity({ nanos, format }: Quantity): string {
  if (nanos === 0n) return '0'
  const sign = nanos < 0n ? '-' : ''
  const magnitude = nanos < 0n ? -nanos : nanos
  // Below 1024 powers of 1024 say nothing, and a fraction of a unit would lose digits.
  if (format === 'BinarySI' && magnitude >= 1024n * NANO && magnitude % NANO === 0n) {
    const [digits, power] = takeOut(magnitude / NANO, 1024n, BINARY_SUFFIXES.length - 1)
    return `${sign}${digits}${BINARY_SUFFIXES[power]}`
  }
  const [digits, power] = takeOut(magnitude, 1000n, DECIMAL_SUFFIXES.length - 1)
  const exponent = (power - 3) * 3
  if (format === 'DecimalExponent') return `${sign}${digits}${exponent === 0 ? '' : `e${exponent}`}`
  return `${sign}${digits}${DECIMAL_SUFFIXES[power]}`
}

/** Divides by `factor` as often as nothing is lost, `atMost` times. */
function takeOut(value: bigint, factor: bigint, atMost: number): readonly [bigint, number] {
  let [rest, times] = [value, 0]
  while (times < atMost && rest % factor === 0n) {
    rest /= factor
    times++
  }
  return [rest, times]
}

/** Negative, zero or positive, as `Array.sort` wants it. */
export const compareQuantities = (a: Quantity, b: Quantity): number =>
  a.nanos < b.nanos ? -1 : a.nanos > b.nanos ? 1 : 0

/** Written like `a`; like `b` where `a` is zero. */
export const addQuantities = (a: Quantity, b: Quantity): Quantity => ({
  nanos: a.nanos + b.nanos,
  format: a.nanos === 0n ? b.format : a.format,
})

export const subtractQuantities = (a: Quantity, b: Quantity): Quantity =>
  addQuantities(a, { nanos: -b.nanos, format: b.format })

/** Thousandths of a unit, rounded up: cores as millicores. The text must be a quantity, as the API server's validation ensures. */
export const milliValue = (text: string | number): number => roundedUp(text, 1_000_000n)

/** Units, rounded up: bytes of memory, devices. The text must be a quantity, as the API server's validation ensures. */
export const wholeValue = (text: string | number): number => roundedUp(text, NANO)

function roundedUp(text: string | number, stepNanos: bigint): number {
  const quantity = parseQuantity(text)
  invariant(quantity, `"${text}" is a quantity`)
  const { nanos } = quantity
  return Number(nanos >= 0n ? divideUp(nanos, stepNanos) : -divideUp(-nanos, stepNanos))
}
