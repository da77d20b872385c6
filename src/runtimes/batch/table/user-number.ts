/** Numbers as they come from a user's function: finite, and exact where they are whole. */
import { shortened, UserError } from '../failure.ts'

/** A bigint that a double holds exactly becomes one; anything else that is no finite number is the user's error. */
export function toNumber(value: unknown, role: string): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value
  if (typeof value === 'bigint') {
    if (value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER) return Number(value)
    throw new UserError(`the ${role} ${value}n is beyond 2^53, where whole numbers are no longer exact`)
  }
  throw new UserError(`the ${role} is ${shortened(value)}, not a finite number`)
}

/** A whole sum is exact only below 2^53. */
export function exactSum(sum: number, isWhole: boolean): number {
  if (isWhole && !Number.isSafeInteger(sum)) {
    throw new UserError(`a sum of whole numbers is ${sum}, beyond 2^53, where it is no longer exact`)
  }
  return sum
}
