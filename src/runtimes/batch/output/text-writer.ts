/** Rows as JSON lines or CSV. Synchronous, like all of a task's own writing. */
import { closeSync, fsyncSync, openSync } from 'node:fs'
import { writeWhole } from '../shuffle/segment-file.ts'
import type { Cell, RowWriter } from './rows.ts'

export const openTextWriter = (format: 'jsonl' | 'csv', path: string): RowWriter =>
  new TextWriter(path, TEXT_FORMATS[format])

interface TextFormat {
  readonly head: string
  line(key: string | number | boolean, value: Cell): string
}

const TEXT_FORMATS: Readonly<Record<'jsonl' | 'csv', TextFormat>> = {
  jsonl: { head: '', line: (key, value) => `{"key":${JSON.stringify(key)},"value":${JSON.stringify(value)}}\n` },
  csv: { head: 'key,value\n', line: (key, value) => `${csvCell(key)},${csvCell(value)}\n` },
}

/** RFC 4180; null is nothing between the commas, an empty string is `""`. */
function csvCell(value: Cell): string {
  if (value === null) return ''
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

const FLUSH_LENGTH = 1 << 16

class TextWriter implements RowWriter {
  private readonly fd: number
  private readonly format: TextFormat
  private text: string
  private rows = 0
  private bytes = 0

  constructor(path: string, format: TextFormat) {
    this.fd = openSync(path, 'wx', 0o644)
    this.format = format
    this.text = format.head
  }

  write(key: string | number | boolean, value: Cell): void {
    this.text += this.format.line(key, value)
    this.rows++
    if (this.text.length >= FLUSH_LENGTH) this.flush()
  }

  finish(): { rows: number; bytes: number } {
    this.flush()
    fsyncSync(this.fd)
    closeSync(this.fd)
    return { rows: this.rows, bytes: this.bytes }
  }

  abandon(): void {
    closeSync(this.fd)
  }

  private flush(): void {
    const bytes = Buffer.from(this.text)
    writeWhole(this.fd, bytes)
    this.bytes += bytes.length
    this.text = ''
  }
}
