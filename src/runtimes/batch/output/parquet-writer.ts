/** Rows as Parquet by hyparquet-writer, a row group at a time; loaded only when a job writes Parquet from TypeScript. */
import { closeSync, fsyncSync, openSync } from 'node:fs'
import type { SchemaElement } from 'hyparquet'
import { writeWhole } from '../shuffle/segment-file.ts'
import type { ColumnType } from '../table/column-type.ts'
import type { Cell, RowTypes, RowWriter } from './rows.ts'

const ROW_GROUP = 65_536

const ELEMENTS: Readonly<Record<ColumnType, Omit<SchemaElement, 'name'>>> = {
  string: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  integer: { type: 'INT64' },
  double: { type: 'DOUBLE' },
  boolean: { type: 'BOOLEAN' },
  json: { type: 'BYTE_ARRAY', converted_type: 'JSON' },
}

export async function openParquetWriter(path: string, types: RowTypes): Promise<RowWriter> {
  // Here, not above: everything of this program is one file, whose imports are loaded at its start.
  const { ByteWriter, ParquetWriter } = await import('hyparquet-writer')
  const fd = openSync(path, 'wx', 0o644)
  const sink = new ByteWriter(1 << 20)
  const schema: SchemaElement[] = [
    { name: 'solvent', num_children: 2 },
    { name: 'key', repetition_type: 'OPTIONAL', ...ELEMENTS[types.key] },
    { name: 'value', repetition_type: 'OPTIONAL', ...ELEMENTS[types.value] },
  ]
  const file = new ParquetWriter({ writer: sink, schema, createdBy: 'solvent' })
  let keys: unknown[] = []
  let values: unknown[] = []
  let rows = 0

  const drain = (): void => {
    writeWhole(fd, new Uint8Array(sink.buffer, 0, sink.index))
    sink.index = 0
  }
  const flush = (): void => {
    if (keys.length === 0) return
    const columnData = [
      { name: 'key', data: keys },
      { name: 'value', data: values },
    ]
    file.write({ columnData, rowGroupSize: ROW_GROUP })
    keys = []
    values = []
    drain()
  }
  return {
    write(key, value) {
      keys.push(cellOf(types.key, key))
      values.push(cellOf(types.value, value))
      rows++
      if (keys.length === ROW_GROUP) flush()
    },
    finish() {
      flush()
      file.finish()
      const bytes = sink.offset
      drain()
      fsyncSync(fd)
      closeSync(fd)
      return { rows, bytes }
    },
    abandon: () => closeSync(fd),
  }
}

function cellOf(type: ColumnType, value: Cell): unknown {
  if (value === null) return null
  return type === 'integer' ? BigInt(value as number) : value
}
