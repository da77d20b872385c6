/**
 * What a user can do wrong, as a value: where, what with its value, why, and a fix that is true when typed.
 * Functions that meet such mistakes return all of them at once; only the command line prints them.
 */

/** A place in a text file; line and column count from 1. */
export interface SourcePlace {
  readonly file: string
  readonly line: number
  readonly column: number
}

export interface Problem {
  /** Where in the file, when the mistake was read from one. */
  readonly place?: SourcePlace
  /** Field path in Kubernetes' notation, such as `spec.parallelism.tensor` or `spec.args[2]`; empty for the whole document. */
  readonly field: string
  /** What is wrong with its value, as the start of a sentence: `is 6`. */
  readonly what: string
  /** Why it is wrong: `64 attention heads do not divide by 6`. */
  readonly why?: string
  /** What to type instead, as a sentence: `Use 1, 2, 4 or 8.` */
  readonly fix?: string
}

export type Result<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly Problem[] }

export const ok = <T>(value: T): Result<T> => ({ ok: true, value })
export const fail = (...problems: readonly Problem[]): Result<never> => ({ ok: false, problems })

/** `job.yaml:12:9 spec.parallelism.tensor is 6, but 64 attention heads do not divide by 6. Use 1, 2, 4 or 8.` */
export function formatProblem({ place, field, what, why, fix }: Problem): string {
  const where = place ? `${place.file}:${place.line}:${place.column} ` : ''
  const claim = `${field ? `${field} ` : ''}${what}${why ? `, but ${why}` : ''}`
  return `${where}${claim}${/[.!?]$/.test(claim) ? '' : '.'}${fix ? ` ${fix}` : ''}`
}
