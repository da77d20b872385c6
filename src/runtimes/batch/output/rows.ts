/** Rows of the output, and what writes them to a file: one format a file beside this. */
import type { ColumnType } from '../table/column-type.ts'

export type Cell = string | number | boolean | null | object

export interface RowWriter {
  write(key: string | number | boolean, value: Cell): void
  /** Writes the rest and makes the file durable: a rename must never reveal an empty file after a power cut. */
  finish(): { readonly rows: number; readonly bytes: number }
  /** Closes an unfinished file. */
  abandon(): void
}

export interface RowTypes {
  readonly key: ColumnType
  readonly value: ColumnType
}
