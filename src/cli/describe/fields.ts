/** What `describe` prints, as data: labels with a value, a list of lines, a table, or further fields. */
import { alignedLines } from '../render/table.ts'

export type Field = readonly [label: string, value: string | number | undefined | readonly Field[] | Lines]

export interface Lines {
  readonly kind: 'lines'
  readonly lines: readonly string[]
}

export const lines = (list: readonly string[]): Lines => ({ kind: 'lines', lines: list })

/** Rows under titles, indented like everything else. */
export const table = (titles: readonly string[], rows: readonly (readonly string[])[]): Lines =>
  lines(alignedLines([titles, titles.map(title => '-'.repeat(title.length)), ...rows]))

/** `a=b` a line, the first beside the label, as kubectl shows labels. */
export const pairs = (map: Readonly<Record<string, unknown>> = {}, join = '='): Lines =>
  lines(Object.entries(map).map(([key, value]) => `${key}${join}${value}`))

const isLines = (value: Field[1]): value is Lines => typeof value === 'object' && 'kind' in value

/** Labels of one level are aligned; a nested level is indented by two. A field whose value is undefined is left out. */
export function fieldLines(fields: readonly Field[], indent = ''): readonly string[] {
  const present = fields.filter(([, value]) => value !== undefined)
  const beside = present.filter(([label, value]) => typeof value !== 'object' || (isLines(value) && !isBlock(label)))
  const width = Math.max(0, ...beside.map(([label]) => label.length)) + 3
  return present.flatMap(([label, value]) => {
    const head = `${indent}${label}:`
    if (typeof value !== 'object') return [`${head.padEnd(indent.length + width)}${value}`]
    if (!isLines(value)) return [head, ...fieldLines(value, `${indent}  `)]
    if (isBlock(label)) return [head, ...value.lines.map(line => `${indent}  ${line}`)]
    const [first = '<none>', ...more] = value.lines
    const margin = ' '.repeat(indent.length + width)
    return [`${head.padEnd(indent.length + width)}${first}`, ...more.map(line => `${margin}${line}`)]
  })
}

/** Tables stand under their label, lists beside it. */
const BLOCKS = new Set(['Events', 'Conditions', 'Stages', 'Why', 'Environment', 'Failure'])
const isBlock = (label: string): boolean => BLOCKS.has(label)
