/** The word count in DuckDB alone, two threads: the SQL that `map: { split: '\s+' }` means, over the file, into a Parquet file. */
import { rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { printResult } from './result.mjs'

const [, , file, how] = process.argv
const split = how === 'plain' ? "string_split(line, ' ')" : "string_split_regex(line, '\\s+')"
const out = join(tmpdir(), `solvent-rival-${process.pid}.parquet`)
const instance = await DuckDBInstance.create(':memory:', { threads: '2', preserve_insertion_order: 'false' })
const connection = await instance.connect()
await connection.run(`
  COPY (
    SELECT key, count(*) AS value FROM (
      SELECT unnest(${split}) AS key FROM read_csv('${file}', auto_detect = false, header = false,
        columns = {'line': 'VARCHAR'}, quote = '', escape = '', delim = '\x01\x02\x03\x04', strict_mode = false)
    ) WHERE key <> '' GROUP BY key
  ) TO '${out}' (FORMAT parquet)`)
const milliseconds = performance.now()
const rows = (await connection.runAndReadAll(`SELECT key, value FROM read_parquet('${out}')`)).getRows()
rmSync(out)
const log = console.log
console.log = text => log(JSON.stringify({ ...JSON.parse(text), milliseconds }))
printResult(new Map(rows.map(([key, value]) => [key, Number(value)])))
