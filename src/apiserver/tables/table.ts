/** meta.k8s.io Table: rows that the server has formatted, so that kubectl needs to know no kind. */
import type { KubeObject } from '../../kube/object.ts'
import type { Cell, Column } from './column.ts'

export type IncludeObject = 'None' | 'Metadata' | 'Object'

export interface TableRow {
  readonly cells: readonly Cell[]
  readonly object?: unknown
}

export interface Table {
  readonly kind: 'Table'
  readonly apiVersion: string
  readonly metadata: object
  readonly columnDefinitions: readonly object[]
  readonly rows: readonly TableRow[]
}

export interface TableOptions {
  /** `v1` or `v1beta1`. */
  readonly version: string
  readonly includeObject: IncludeObject
  readonly now: number
}

export const partialObject = ({ metadata }: KubeObject, version = 'v1') => ({
  kind: 'PartialObjectMetadata',
  apiVersion: `meta.k8s.io/${version}`,
  metadata,
})

export function tableOf(
  columns: readonly Column[],
  objects: readonly KubeObject[],
  metadata: object,
  { version, includeObject, now }: TableOptions,
): Table {
  return {
    kind: 'Table',
    apiVersion: `meta.k8s.io/${version}`,
    metadata,
    columnDefinitions: columns.map(definition),
    rows: objects.map(object => ({
      cells: columns.map(column => cellOf(column, object, now)),
      object: includeObject === 'None' ? null : includeObject === 'Object' ? object : partialObject(object, version),
    })),
  }
}

const definition = ({ name, type, format = '', description = '', priority = 0 }: Column) => ({
  name,
  type,
  format,
  description,
  priority,
})

/** What a stored object lacks must not cost the whole list: its cell says so. */
function cellOf(column: Column, object: KubeObject, now: number): Cell {
  try {
    return column.cell(object, now)
  } catch {
    return '<invalid>'
  }
}
