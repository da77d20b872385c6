/** A command of the command line as data: what `--help`, completion and the parser of arguments need, and where its code is. */
import type { Flag } from './flag.ts'
import type { Flags } from './flags.ts'
import type { Terminal } from './terminal.ts'

export interface Invocation {
  readonly args: readonly string[]
  readonly flags: Flags
  readonly terminal: Terminal
}

/** Gives the exit code; throws `Exit`, `ApiError` or the system's error. */
export type Run = (invocation: Invocation) => Promise<number>

export interface Command {
  readonly name: string
  /** One line for the list of commands. */
  readonly summary: string
  /** What follows the name: `(TYPE [NAME ...] | -f FILE)`. */
  readonly usage?: string
  readonly flags: readonly Flag[]
  /** Shown first in its help. The first one is the most usual. */
  readonly examples: readonly string[]
  /** What its positional arguments name, for completion. */
  readonly completes?: 'resource' | 'pod' | 'file'
  load(): Promise<{ readonly run: Run }>
}
