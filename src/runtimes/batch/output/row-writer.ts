/** The last step of a reduce task: a writer for rows of key and value in the format of the job. */
import type { OutputFormat } from '../../../spec/kinds.ts'
import type { RowTypes, RowWriter } from './rows.ts'
import { openTextWriter } from './text-writer.ts'

/** Parquet's writer is a package, loaded only where it is needed. */
export async function openRowWriter(format: OutputFormat, path: string, types: RowTypes): Promise<RowWriter> {
  if (format === 'parquet') return (await import('./parquet-writer.ts')).openParquetWriter(path, types)
  return openTextWriter(format, path)
}
