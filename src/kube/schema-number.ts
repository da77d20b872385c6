/** The formats of numbers that upstream checks (kube-openapi's validate). */

/** The range of a number's format: undefined where the number is in it. */
export function numberFormatProblem(
  type: string | undefined,
  format: string | undefined,
  value: number,
): string | undefined {
  if (format === 'int32' && (!Number.isInteger(value) || value > 2147483647 || value < -2147483648))
    return `${type} with format int32`
  if (format === 'float' && Math.abs(value) > 3.4028234663852886e38) return `${type} with format float`
  return undefined
}
