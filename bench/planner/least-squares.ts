/** Linear least squares of the relative error with weights that may not be negative, for a handful of unknowns: every subset is tried. */

/** `basis[i][row]` times its weight, summed over i, should be `measured[row]`. */
export function leastSquares(
  basis: readonly (readonly number[])[],
  measured: readonly number[],
): { readonly weights: readonly number[]; readonly cost: number } {
  let best = { weights: basis.map(() => 0), cost: Number.POSITIVE_INFINITY }
  for (let subset = 1; subset < 1 << basis.length; subset++) {
    const members = basis.map((_, i) => i).filter(i => (subset >> i) & 1)
    const solved = solve(
      members.map(i => members.map(j => sum(measured, (t, row) => (basis[i]![row]! * basis[j]![row]!) / t / t))),
      members.map(i => sum(measured, (t, row) => basis[i]![row]! / t)),
    )
    if (solved?.some(weight => weight < 0) !== false) continue
    const weights = basis.map((_, i) => (members.includes(i) ? solved[members.indexOf(i)]! : 0))
    const cost = sum(measured, (t, row) => (sum(weights, (weight, i) => weight * basis[i]![row]!) / t - 1) ** 2)
    if (cost < best.cost) best = { weights, cost }
  }
  return best
}

function sum(values: readonly number[], of: (value: number, index: number) => number): number {
  return values.reduce((total, value, index) => total + of(value, index), 0)
}

/** Gauss-Jordan with row exchange; undefined when singular. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): readonly number[] | undefined {
  const rows = matrix.map((row, i) => [...row, right[i]!])
  for (let column = 0; column < rows.length; column++) {
    let pivot = column
    for (let row = column + 1; row < rows.length; row++)
      if (Math.abs(rows[row]![column]!) > Math.abs(rows[pivot]![column]!)) pivot = row
    if (rows[pivot]![column] === 0) return undefined
    ;[rows[column], rows[pivot]] = [rows[pivot]!, rows[column]!]
    for (let row = 0; row < rows.length; row++) {
      if (row === column) continue
      const factor = rows[row]![column]! / rows[column]![column]!
      for (let at = column; at <= rows.length; at++) rows[row]![at]! -= factor * rows[column]![at]!
    }
  }
  return rows.map((row, i) => row[rows.length]! / row[i]!)
}
