/** A value and why it was chosen. */
export interface Choice<T> {
  readonly value: T
  readonly because: string
}

export const FIXED = 'fixed in the declaration'

export const fixedTo = <T>(value: T): Choice<T> => ({ value, because: FIXED })
