/**
 * What can go wrong in a task, as errors with a meaning. A `UserError` ends the job at once; everything else is tried again, up to four
 * times. A `LostInputs` is nobody's fault: the outputs that it names are made anew and the attempt does not count.
 */
import type { UserFailure } from '../../spec/kinds.ts'

export class UserError extends Error {
  readonly place?: string
  readonly record?: string
  constructor(message: string, { place, record }: { place?: string; record?: string } = {}, options?: ErrorOptions) {
    super(message, options)
    this.place = place
    this.record = record
  }

  /** The same error, told where it happened, unless it already knows. */
  at(where: { place?: string; record?: string }): UserError {
    const merged = { place: this.place ?? where.place, record: this.record ?? where.record }
    return new UserError(this.message, merged, { cause: this })
  }
}

export class LostInputs extends Error {
  readonly splits: readonly number[]
  constructor(splits: readonly number[]) {
    super(`the map output of ${splits.length === 1 ? 'split' : 'splits'} ${splits.join(', ')} is gone`)
    this.splits = splits
  }
}

/** How a worker tells its coordinator. */
export type TaskFailure =
  | ({ readonly kind: 'user' } & UserFailure)
  | { readonly kind: 'retryable'; readonly message: string }
  | { readonly kind: 'lost'; readonly message: string; readonly splits: readonly number[] }

const SYSTEM_ERRORS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EMFILE: 'too many files are open',
  ENOMEM: 'memory is used up',
  EROFS: 'the file system is read-only',
}

export function describeFailure(error: unknown): TaskFailure {
  if (error instanceof UserError) {
    return { kind: 'user', message: error.message, place: error.place, record: error.record }
  }
  if (error instanceof LostInputs) return { kind: 'lost', message: error.message, splits: error.splits }
  return { kind: 'retryable', message: messageOf(error) }
}

export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { code, path } = error as NodeJS.ErrnoException
  const known = code === undefined ? undefined : SYSTEM_ERRORS[code]
  return known ? `${known}${path ? ` (${path})` : ''}: ${error.message}` : error.message
}

/** A value as an error message shows it: shortened, on one line. */
export function shortened(value: unknown, limit = 80): string {
  const text = typeof value === 'string' ? JSON.stringify(value.slice(0, limit + 1)) : plainText(value)
  return text.length > limit ? `${text.slice(0, limit)}…` : text
}

function plainText(value: unknown): string {
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'function') return 'a function'
  if (value instanceof Promise) return 'a Promise'
  try {
    return JSON.stringify(value) ?? String(value)
  } catch {
    return String(value)
  }
}
