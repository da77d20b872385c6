/** A column of `kubectl get` as a value: what it is called and how its cell follows from the object. Tables are lists of these. */
import type { KubeObject } from '../../kube/object.ts'
import { since } from './duration.ts'

export type Cell = string | number | boolean | null

export interface Column<T extends KubeObject = KubeObject> {
  readonly name: string
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date'
  readonly format?: string
  readonly description?: string
  /** Above 0 only with `-o wide`. */
  readonly priority?: number
  cell(object: T, now: number): Cell
}

/** A text column; `wide` ones are shown with `-o wide` only. */
export const text = <T extends KubeObject>(name: string, cell: Column<T>['cell']): Column<T> => ({
  name,
  type: 'string',
  cell,
})
export const integer = <T extends KubeObject>(name: string, cell: Column<T>['cell']): Column<T> => ({
  name,
  type: 'integer',
  cell,
})
export const wide = <T extends KubeObject>(column: Column<T>): Column<T> => ({ ...column, priority: 1 })

export const NAME: Column = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: 'Name of the object, unique within its namespace and kind.',
  cell: object => object.metadata.name ?? '',
}

export const AGE: Column = {
  name: 'Age',
  type: 'string',
  description: 'Time since the object was created.',
  cell: (object, now) => since(object.metadata.creationTimestamp, now),
}

export const CREATED_AT: Column = {
  name: 'Created At',
  type: 'date',
  description: 'When the object was created.',
  cell: object => object.metadata.creationTimestamp ?? '',
}

export const NONE = '<none>'

/** No more than three of a list, and how many more there are. */
export function firstThree(items: readonly string[]): string {
  if (items.length === 0) return NONE
  const shown = items.slice(0, 3).join(',')
  return items.length > 3 ? `${shown} + ${items.length - 3} more...` : shown
}
