/**
 * Least absolute deviations of log(predicted / measured), by Gauss-Newton with weights that make squares count as amounts (iteratively reweighted
 * least squares), in the logarithm of positive parameters. A prior pulls each parameter to a physical guess, so that one which no row speaks
 * about stays where it was. Deterministic: no random start, a fixed number of rounds.
 */

export interface Parameter {
  readonly name: string
  /** Where the search begins and the prior pulls to; > 0. */
  readonly guess: number
  /** How far from it the data may take it: a standard deviation of its logarithm. */
  readonly spread: number
  readonly low: number
  readonly high: number
}

export interface FitProblem {
  readonly parameters: readonly Parameter[]
  /** log(predicted / measured) of each row. */
  readonly residuals: (values: readonly number[]) => Float64Array
  /** Of each row; a row of weight 0 does not count. */
  readonly weights: ArrayLike<number>
  readonly rounds?: number
  /** Residuals below it count as squares. */
  readonly knee?: number
  /** What a prior of one standard deviation costs, in rows of residual `knee`. */
  readonly priorStrength?: number
}

export interface FitAnswer {
  readonly values: readonly number[]
  readonly cost: number
}

export function robustFit(problem: FitProblem): FitAnswer {
  const { parameters, rounds = 12, knee = 0.03, priorStrength = 1 } = problem
  let x = parameters.map(parameter => Math.log(parameter.guess))
  const at = (logs: readonly number[]): number[] => logs.map(Math.exp)
  let r = problem.residuals(at(x))
  let cost = costOf(problem, x, r, knee, priorStrength)
  let damping = 1e-2
  for (let round = 0; round < rounds; round++) {
    const columns = slopes(problem, x, r)
    const normal = normalEquations(problem, x, r, columns, knee, priorStrength)
    let improved = false
    for (let attempt = 0; attempt < 6 && !improved; attempt++) {
      const a = normal.a.map((row, i) => row.map((value, j) => (i === j ? value * (1 + damping) : value)))
      const delta = solve(a, normal.b)
      const next = x.map((value, j) => {
        const moved = value + Math.max(-0.5, Math.min(0.5, delta[j]!))
        return Math.min(Math.log(parameters[j]!.high), Math.max(Math.log(parameters[j]!.low), moved))
      })
      const there = problem.residuals(at(next))
      const nextCost = costOf(problem, next, there, knee, priorStrength)
      if (nextCost < cost) {
        improved = cost - nextCost > 1e-4 * cost
        x = next
        r = there
        cost = nextCost
        damping = Math.max(1e-4, damping / 4)
        if (!improved) return { values: at(x), cost }
      } else damping *= 5
    }
    if (!improved) break
  }
  return { values: at(x), cost }
}

/** Change of the residuals with the logarithm of each parameter, by a step of 2 %. */
function slopes(problem: FitProblem, x: readonly number[], r: Float64Array): Float64Array[] {
  return x.map((value, j) => {
    const moved = x.with(j, value + STEP)
    return problem.residuals(moved.map(Math.exp)).map((there, i) => (there - r[i]!) / STEP)
  })
}

const STEP = 0.02

/** Pseudo-Huber: squares near zero, amounts beyond the knee. */
const loss = (residual: number, knee: number): number => knee * knee * (Math.sqrt(1 + (residual / knee) ** 2) - 1)

function costOf(
  problem: FitProblem,
  x: readonly number[],
  r: Float64Array,
  knee: number,
  priorStrength: number,
): number {
  let cost = 0
  for (let i = 0; i < r.length; i++) cost += problem.weights[i]! * loss(r[i]!, knee)
  problem.parameters.forEach((parameter, j) => {
    const off = (x[j]! - Math.log(parameter.guess)) / parameter.spread
    cost += priorStrength * knee * knee * off * off
  })
  return cost
}

function normalEquations(
  problem: FitProblem,
  x: readonly number[],
  r: Float64Array,
  columns: readonly Float64Array[],
  knee: number,
  priorStrength: number,
): { a: number[][]; b: number[] } {
  const p = columns.length
  const a = Array.from({ length: p }, () => new Array<number>(p).fill(0))
  const b = new Array<number>(p).fill(0)
  for (let i = 0; i < r.length; i++) {
    const weight = problem.weights[i]! / Math.sqrt(1 + (r[i]! / knee) ** 2)
    if (weight === 0) continue
    for (let j = 0; j < p; j++) {
      const dj = weight * columns[j]![i]!
      if (dj === 0) continue
      b[j]! -= dj * r[i]!
      for (let k = 0; k <= j; k++) a[j]![k]! += dj * columns[k]![i]!
    }
  }
  problem.parameters.forEach((parameter, j) => {
    const pull = (2 * priorStrength * knee * knee) / parameter.spread ** 2
    a[j]![j]! += pull
    b[j]! -= pull * (x[j]! - Math.log(parameter.guess))
    for (let k = 0; k < j; k++) a[k]![j] = a[j]![k]!
  })
  return { a, b }
}

/** Gaussian elimination with the largest pivot. */
function solve(matrix: number[][], right: readonly number[]): number[] {
  const n = right.length
  const a = matrix.map((row, i) => [...row, right[i]!])
  for (let c = 0; c < n; c++) {
    let pivot = c
    for (let i = c + 1; i < n; i++) if (Math.abs(a[i]![c]!) > Math.abs(a[pivot]![c]!)) pivot = i
    ;[a[c], a[pivot]] = [a[pivot]!, a[c]!]
    if (Math.abs(a[c]![c]!) < 1e-30) continue
    for (let i = 0; i < n; i++) {
      if (i === c) continue
      const factor = a[i]![c]! / a[c]![c]!
      if (factor !== 0) for (let k = c; k <= n; k++) a[i]![k]! -= factor * a[c]![k]!
    }
  }
  return a.map((row, i) => (Math.abs(row[i]!) < 1e-30 ? 0 : row[n]! / row[i]!))
}
