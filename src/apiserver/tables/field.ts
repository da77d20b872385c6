/** Cells that are read off a path: `spec.controller`. For kinds of which we have no type of our own. */
import type { KubeObject } from '../../kube/object.ts'
import { type Cell, type Column, text } from './column.ts'

export const at = (object: unknown, path: string): unknown =>
  path.split('.').reduce<unknown>((node, step) => (node as Record<string, unknown> | null | undefined)?.[step], object)

export const listAt = (object: unknown, path: string): readonly Readonly<Record<string, unknown>>[] => {
  const found = at(object, path)
  return Array.isArray(found) ? found : []
}

export const textAt = (object: unknown, path: string, none = ''): string => {
  const found = at(object, path)
  return found === undefined || found === null || found === '' ? none : String(found)
}

/** A text column of the field at `path`. */
export const field = (name: string, path: string, none = ''): Column => text(name, object => textAt(object, path, none))

export const typed = (name: string, type: Column['type'], cell: (object: KubeObject, now: number) => Cell): Column => ({
  name,
  type,
  cell,
})

/** `a=b,c=d`; `<none>` where there is none. */
export const labelsText = (labels: unknown): string =>
  Object.entries((labels ?? {}) as Readonly<Record<string, string>>)
    .map(([key, value]) => `${key}=${value}`)
    .sort()
    .join(',') || '<none>'
