/** The last step of a reduce task: a writer for rows of key and value in the format of the job. */
import type { OutputFormat } from '../../../spec/kinds.ts'
import { openParquetWriter } from './parquet-writer.ts'
import type { RowTypes, RowWriter } from './rows.ts'
import { openTextWriter } from './text-writer.ts'

/** Parquet's writer is a package, loaded only where it is needed. */
export async function openRowWriter(format: OutputFormat, path: string, types: RowTypes): Promise<RowWriter> {
  return format === 'parquet' ? openParquetWriter(path, types) : openTextWriter(format, path)
}
