/** Written form -> stored form: the table of shorthand, applied to a value. */
import type { FieldPath } from '../../kube/schema-path.ts'
import type { DeclarationKind } from '../schema/kinds-table.ts'
import { SHORTHANDS } from './shorthand.ts'

/** `sourceOf` gives a plain scalar as it was typed, where that is known. What is no shorthand stays as it is. */
export function normalise(
  kind: DeclarationKind,
  written: unknown,
  sourceOf: (path: FieldPath) => string | undefined = () => undefined,
): unknown {
  return SHORTHANDS.filter(({ kinds }) => kinds.includes(kind)).reduce<unknown>(
    (value, shorthand) =>
      changeAt(value, shorthand.at, [], (found, path) => shorthand.normalise(found, sourceOf(path)) ?? found),
    written,
  )
}

type Change = (found: unknown, path: FieldPath) => unknown

function changeAt(value: unknown, at: readonly string[], path: FieldPath, change: Change): unknown {
  const [step, ...rest] = at
  if (step === undefined) return change(value, path)
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value
  const fields = value as Readonly<Record<string, unknown>>
  const names = step === '*' ? Object.keys(fields) : [step].filter(name => Object.hasOwn(fields, name))
  const changed = Object.fromEntries(names.map(name => [name, changeAt(fields[name], rest, [...path, name], change)]))
  return names.every(name => changed[name] === fields[name]) ? value : { ...fields, ...changed }
}
