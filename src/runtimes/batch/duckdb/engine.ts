/** One DuckDB in this worker, loaded at the first use (164 ms): one thread, since a worker is one slot, and within the worker's memory. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { DuckDBConnection, DuckDBResult } from '@duckdb/node-api'
import { shortened, UserError } from '../failure.ts'
import { type Columns, withoutSemicolon } from './sql.ts'

/** DuckDB's share of a worker's memory; Node and DuckDB's own buffers outside of its count take the rest. */
const MEMORY_SHARE = 0.55

export interface Engine {
  run(sql: string): Promise<DuckDBResult>
  /** Rows as JavaScript values. */
  rows(sql: string): Promise<readonly (readonly unknown[])[]>
  /** What a select gives. */
  columns(select: string): Promise<Columns>
  stream(sql: string): Promise<DuckDBResult>
  close(): void
}

let opened: Promise<Engine> | undefined

export function duckdb(memoryBytes: number, scratch: string): Promise<Engine> {
  opened ??= openEngine(memoryBytes, scratch)
  return opened
}

async function openEngine(memoryBytes: number, scratch: string): Promise<Engine> {
  const { DuckDBInstance } = await import('@duckdb/node-api')
  const spill = join(scratch, `duckdb-${process.pid}`)
  mkdirSync(spill, { recursive: true })
  const instance = await DuckDBInstance.create(':memory:', {
    threads: '1',
    memory_limit: `${Math.floor((memoryBytes * MEMORY_SHARE) / 2 ** 20)}MiB`,
    temp_directory: spill,
    preserve_insertion_order: 'false',
  })
  const connection: DuckDBConnection = await instance.connect()
  const told = async <T>(sql: string, call: () => Promise<T>): Promise<T> => {
    try {
      return await call()
    } catch (error) {
      throw explain(error, sql)
    }
  }
  const rows = (sql: string): Promise<readonly (readonly unknown[])[]> =>
    told(sql, async () => (await connection.runAndReadAll(sql)).getRowsJS())
  return {
    run: sql => told(sql, () => connection.run(sql)),
    rows,
    async columns(select) {
      const described = await rows(`DESCRIBE ${withoutSemicolon(select)}`)
      return { names: described.map(row => String(row[0])), types: described.map(row => String(row[1])) }
    },
    stream: sql => told(sql, () => connection.stream(sql)),
    close() {
      connection.closeSync()
      instance.closeSync()
    },
  }
}

/** Errors of DuckDB that another attempt may not meet; all others follow from the query and the data. */
const RETRYABLE = /^(IO|Out of Memory|Interrupt|Internal|FATAL|Connection) Error/

export function explain(error: unknown, sql: string): unknown {
  const message = (error as Error).message.replace(/\n+LINE \d+:[\s\S]*$/, '').trim()
  if (RETRYABLE.test(message)) return Object.assign(new Error(`DuckDB: ${message}`), { code: codeOf(message) })
  return new UserError(
    `DuckDB: ${message.replace(/\s*\n\s*/g, ' ')}`,
    {},
    { cause: Object.assign(error as Error, { sql: shortened(sql, 2000) }) },
  )
}

const codeOf = (message: string): string | undefined => (/No space left/.test(message) ? 'ENOSPC' : undefined)
