/** How a command ends early: with an exit code of docs/exit-codes.md and what to say. `main.ts` prints it; nobody else does. */
import { formatProblem, type Problem } from '../base/problem.ts'

export const EXIT = {
  ok: 0,
  error: 1,
  /** The command line or the declaration is wrong. */
  usage: 2,
  notPlaceable: 3,
  /** The user's own code failed. */
  userCode: 4,
  timeout: 124,
  /** Ctrl-C: 128 and the number of SIGINT. */
  interrupted: 130,
} as const

export class Exit extends Error {
  readonly code: number
  constructor(code: number, message: string) {
    super(message)
    this.name = 'Exit'
    this.code = code
  }
}

export const usageError = (message: string): Exit => new Exit(EXIT.usage, message)

/** All that is wrong with a declaration, at once. */
export const exitWithProblems = (problems: readonly Problem[]): Exit =>
  new Exit(EXIT.usage, problems.map(formatProblem).join('\n'))
