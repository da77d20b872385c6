/** A flag as data: what the parser, `--help` and completion need to know of it. */
export interface Flag {
  readonly name: string
  readonly short?: string
  /** What stands for its value in the help: `FILE`. A flag without takes none. */
  readonly value?: string
  readonly help: string
  readonly repeatable?: boolean
  /** The only values it takes; `jsonpath=` stands for all that begin so. */
  readonly choices?: readonly string[]
}
