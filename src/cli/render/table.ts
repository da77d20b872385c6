/** Tables as kubectl prints them: upper-case titles, three blanks between columns, no borders. Cells come from the server (`as=Table`). */
import type { UnknownObject } from '../../kube/object.ts'
import type { Style } from '../terminal.ts'

/** meta.k8s.io/v1 Table. */
export interface Table {
  readonly kind: string
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string }
  readonly columnDefinitions: readonly { readonly name: string; readonly priority?: number }[]
  readonly rows?: readonly TableRow[]
}

export interface TableRow {
  readonly cells: readonly unknown[]
  readonly object?: Pick<UnknownObject, 'metadata'>
}

export interface TableOptions {
  readonly wide?: boolean
  readonly namespaces?: boolean
  readonly labels?: boolean
  /** `pod/`: put before names where several kinds are listed. */
  readonly prefix?: string
}

/** Chosen columns as text, the titles first. */
export function tableText(table: Table, options: TableOptions): readonly (readonly string[])[] {
  const shown = table.columnDefinitions.map((column, i) => ({ ...column, i })).filter(c => options.wide || !c.priority)
  const head = shown.map(({ name }) => name.toUpperCase())
  const rows = (table.rows ?? []).map(row => [
    ...(options.namespaces ? [row.object?.metadata.namespace ?? ''] : []),
    ...shown.map(({ i }) => `${i === 0 ? (options.prefix ?? '') : ''}${cellText(row.cells[i])}`),
    ...(options.labels ? [labelText(row.object?.metadata.labels)] : []),
  ])
  return [[...(options.namespaces ? ['NAMESPACE'] : []), ...head, ...(options.labels ? ['LABELS'] : [])], ...rows]
}

const cellText = (cell: unknown): string =>
  cell === null || cell === undefined ? '<none>' : typeof cell === 'object' ? JSON.stringify(cell) : String(cell)

const labelText = (labels: Readonly<Record<string, string>> = {}): string =>
  Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',') || '<none>'

/** Widths that fit `rows` and are never less than before, so that the lines of a watch stay aligned. */
export const widthsOf = (rows: readonly (readonly string[])[], before: readonly number[] = []): readonly number[] =>
  (rows[0] ?? []).map((_, column) => Math.max(before[column] ?? 0, ...rows.map(row => (row[column] ?? '').length)))

export function alignedLine(row: readonly string[], widths: readonly number[], paint = (cell: string) => cell): string {
  return row
    .map((cell, i) => paint(cell) + (i === row.length - 1 ? '' : ' '.repeat(Math.max(0, widths[i]! - cell.length) + 3)))
    .join('')
    .trimEnd()
}

export function alignedLines(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = widthsOf(rows)
  return rows.map(row => alignedLine(row, widths))
}

const GOOD = new Set(['Running', 'Succeeded', 'Completed', 'Complete', 'Active', 'Ready', 'Available', 'Bound'])
const WAITING = new Set(['Pending', 'ContainerCreating', 'Terminating', 'Planned', 'Restarting', 'Suspended'])
const BAD = /^(Failed|Error|Unknown|NotReady|Evicted|OOMKilled|.*BackOff|.*Error)$/

/** Colours a cell that is a state. The word itself says what the colour says. */
export function stateColour(style: Style): (cell: string) => string {
  return cell => {
    if (GOOD.has(cell)) return style.green(cell)
    if (WAITING.has(cell)) return style.yellow(cell)
    return BAD.test(cell) ? style.red(cell) : cell
  }
}
