/** What a row of the table of shorthand is. */
import type { DeclarationKind } from '../schema/kinds-table.ts'

/** As much of JSON Schema 2020-12 as shorthand needs. */
export type JsonSchema = Readonly<Record<string, unknown>>

export interface Shorthand {
  readonly kinds: readonly DeclarationKind[]
  /** Path in the document; `*` stands for every key of a map. */
  readonly at: readonly string[]
  readonly accepts: JsonSchema
  /** The stored form, or undefined when `written` is not this shorthand. `source` is a plain scalar as it was typed. */
  normalise(written: unknown, source: string | undefined): unknown
}
