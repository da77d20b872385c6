/** The end of a batch job for people: where the output lies, how much it is, and its largest rows where rows are a key and a number. */
import { createReadStream, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { formatBytes, plural } from '../../base/units.ts'
import { linesOf } from '../../client/lines.ts'
import type { BatchJob, OutputFormat } from '../../spec/kinds.ts'
import { placeText } from '../render/places.ts'

export interface Row {
  readonly key: string
  readonly value: number | bigint
}

const TOP = 20
/** Reading more than this only to show twenty rows would keep the user waiting. */
const MAX_BYTES = 256 * 1024 * 1024

export async function resultLines(job: BatchJob, seconds: number): Promise<readonly string[]> {
  const { output } = job.status ?? {}
  const name = job.metadata.name ?? ''
  if (!output) return [`${name} completed in ${seconds.toFixed(1)} s`]
  const { uri, rows, files, bytes } = output
  const size = `${counted(rows, 'row')} in ${plural(files, 'file')}, ${formatBytes(bytes)}`
  const head = `${name} completed in ${seconds.toFixed(1)} s: ${size} in ${placeText(uri)}`
  if (bytes > MAX_BYTES) return [head]
  try {
    return [head, ...topLines(await topRows(job, TOP), rows)]
  } catch (error) {
    // The job is done all the same: its output may lie where only its pods can read.
    return [head, `(it cannot be read from here: ${(error as Error).message})`]
  }
}

const grouped = new Intl.NumberFormat('en-US')
const counted = (count: number, noun: string): string =>
  plural(count, noun).replace(/^\d+/, digits => grouped.format(BigInt(digits)))

export function topLines(top: readonly Row[], rows: number): readonly string[] {
  if (top.length === 0) return []
  const values = top.map(({ value }) => grouped.format(value))
  const keyWidth = Math.max(...top.map(({ key }) => shortKey(key).length))
  const valueWidth = Math.max(...values.map(value => value.length))
  const lines = top.map(({ key }, i) => `  ${shortKey(key).padEnd(keyWidth)}  ${values[i]!.padStart(valueWidth)}`)
  return ['', ...(rows > top.length ? [`The ${top.length} largest of ${counted(rows, 'row')}:`] : []), ...lines]
}

const shortKey = (key: string): string => {
  const visible = JSON.stringify(key).slice(1, -1)
  return visible.length > 40 ? `${visible.slice(0, 39)}…` : visible
}

/** The rows with the largest values, over all files of the output. Empty where the rows are not a key and a number. */
export async function topRows(job: BatchJob, count: number): Promise<readonly Row[]> {
  const [format, uri] = Object.entries(job.spec.output)[0] ?? []
  if (!format || !uri?.startsWith('file:')) return []
  const folder = fileURLToPath(uri)
  const read = READERS[format as OutputFormat]
  const top = new Top(count)
  const files = readdirSync(folder).filter(file => !/^[._]/.test(file))
  for (const file of files.sort()) {
    for await (const row of read(join(folder, file))) {
      const entry = rowFrom(row)
      if (!entry) return []
      top.add(entry)
    }
  }
  return top.rows
}

function rowFrom(row: Readonly<Record<string, unknown>>): Row | undefined {
  const { key, value } = row
  if (!('key' in row) || (typeof value !== 'number' && typeof value !== 'bigint')) return undefined
  return { key: typeof key === 'string' ? key : JSON.stringify(key), value }
}

type Reader = (path: string) => AsyncIterable<Readonly<Record<string, unknown>>>

const READERS: Readonly<Record<OutputFormat, Reader>> = {
  async *parquet(path) {
    const [{ asyncBufferFromFile, parquetReadObjects, parquetMetadataAsync }, { compressors }] = await Promise.all([
      import('hyparquet'),
      import('hyparquet-compressors'),
    ])
    const file = await asyncBufferFromFile(path)
    const metadata = await parquetMetadataAsync(file)
    let rowStart = 0
    // By row groups, so that a large file is never held whole.
    for (const { num_rows } of metadata.row_groups) {
      const rowEnd = rowStart + Number(num_rows)
      yield* await parquetReadObjects({ file, metadata, compressors, rowStart, rowEnd })
      rowStart = rowEnd
    }
  },
  async *jsonl(path) {
    for await (const line of linesOf(createReadStream(path))) if (line !== '') yield JSON.parse(line)
  },
  async *csv(path) {
    let titles: readonly string[] | undefined
    for await (const line of linesOf(createReadStream(path))) {
      const cells = csvCells(line)
      if (!titles) titles = cells
      else yield Object.fromEntries(titles.map((title, i) => [title, csvValue(title, cells[i] ?? '')]))
    }
  },
}

/** RFC 4180 on one line; a quoted line feed would need the next one, and such a file is shown without its top. */
export function csvCells(line: string): readonly string[] {
  return [...line.replace(/\r$/, '').matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(([, quoted, bare]) =>
    quoted === undefined ? (bare ?? '') : quoted.replaceAll('""', '"'),
  )
}

const csvValue = (title: string, cell: string): unknown =>
  title === 'value' && cell !== '' && Number.isFinite(Number(cell)) ? Number(cell) : cell

/** Keeps the largest few; equal values in order of their keys. */
class Top {
  private readonly count: number
  private readonly kept: Row[] = []

  constructor(count: number) {
    this.count = count
  }

  add(row: Row): void {
    const last = this.kept.at(-1)
    if (this.kept.length === this.count && last && compare(row, last) >= 0) return
    let at = this.kept.length
    while (at > 0 && compare(row, this.kept[at - 1]!) < 0) at--
    this.kept.splice(at, 0, row)
    if (this.kept.length > this.count) this.kept.pop()
  }

  get rows(): readonly Row[] {
    return this.kept
  }
}

const compare = (a: Row, b: Row): number =>
  a.value === b.value ? (a.key < b.key ? -1 : a.key > b.key ? 1 : 0) : a.value > b.value ? -1 : 1
