/** The view `input` over a spool or a Parquet file: `line` of text, the fields of JSON lines, the columns of Parquet. */
import { pathOf } from '../input/byte-chunks.ts'
import type { Engine } from './engine.ts'
import { DELIMITER, type Spool, type SpoolFile } from './spool.ts'
import { quote } from './sql.ts'

const DEFAULT_MAX_LINE = 2_000_000
const LEAST_BUFFER = 8 * 1024 * 1024
const DEFAULT_MAX_OBJECT = 16 * 1024 * 1024

export async function viewText(engine: Engine, { lines, json }: Spool): Promise<void> {
  const selects = [
    ...(lines ? [`SELECT coalesce(line, '') AS line FROM ${csvLines(lines)}`] : []),
    ...(json ? [`SELECT line FROM ${jsonObjects(json, [['line', 'VARCHAR']])}`] : []),
  ]
  await engine.run(`CREATE OR REPLACE TEMP VIEW input AS ${selects.join(' UNION ALL ')}`)
}

export async function viewJson(engine: Engine, { lines }: Spool, fields: readonly Field[]): Promise<void> {
  await engine.run(`CREATE OR REPLACE TEMP VIEW input AS SELECT * FROM ${jsonObjects(lines!, fields)}`)
}

export async function viewParquet(engine: Engine, uri: string): Promise<void> {
  await engine.run(`CREATE OR REPLACE TEMP VIEW input AS SELECT * FROM read_parquet(${quote(pathOf(uri))})`)
}

/** Name and SQL type. */
export type Field = readonly [name: string, type: string]

/** The fields that DuckDB finds in a spool of JSON lines. */
export async function fieldsOf(engine: Engine, { path, longestBytes }: SpoolFile): Promise<readonly Field[]> {
  const size = Math.max(DEFAULT_MAX_OBJECT, longestBytes)
  const rows = await engine.rows(
    `DESCRIBE SELECT * FROM read_json(${quote(path)}, format = 'newline_delimited', maximum_object_size = ${size}, sample_size = -1)`,
  )
  return rows.map(([name, type]) => [String(name), String(type)] as const)
}

function csvLines({ path, longestBytes }: SpoolFile): string {
  // DuckDB's own buffers of 32 MiB would be a good part of a worker's memory.
  const line = Math.max(DEFAULT_MAX_LINE, longestBytes + 2)
  const size = `, max_line_size = ${line}, buffer_size = ${Math.max(LEAST_BUFFER, 2 * line)}`
  return (
    `read_csv(${quote(path)}, auto_detect = false, header = false, columns = {'line': 'VARCHAR'}, quote = '', escape = '', ` +
    `delim = ${quote(DELIMITER.toString('latin1'))}, strict_mode = false${size})`
  )
}

function jsonObjects({ path, longestBytes }: SpoolFile, fields: readonly Field[]): string {
  const columns = fields.map(([name, type]) => `${quote(name)}: ${quote(type)}`).join(', ')
  const size = Math.max(DEFAULT_MAX_OBJECT, longestBytes + 1)
  return `read_json(${quote(path)}, format = 'newline_delimited', columns = {${columns}}, maximum_object_size = ${size})`
}
