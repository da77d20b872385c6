/** What differs between two values, field by field (structured-merge-diff's typed/compare.go). The order of a list's items does not count. */
import { isSame, ownValue } from '../equal.ts'
import { compareQuantities, parseQuantity } from '../quantity.ts'
import { type FieldSet, fieldSet, LEAF } from './field-set.ts'
import { allFieldsOf } from './fields-of.ts'
import { fieldElement, fieldSchema, isList, isObject, itemsByElement, type Schema } from './shape.ts'

export interface Comparison {
  readonly added: FieldSet | undefined
  readonly modified: FieldSet | undefined
  readonly removed: FieldSet | undefined
}

const NOTHING: Comparison = { added: undefined, modified: undefined, removed: undefined }

/** `undefined` stands for a value that is not there. */
export function compare(before: unknown, after: unknown, schema: Schema): Comparison {
  if (before === after) return NOTHING
  if (before === undefined) return { ...NOTHING, added: allFieldsOf(after, schema) }
  if (after === undefined) return { ...NOTHING, removed: allFieldsOf(before, schema) }
  if (isObject(before, schema) && isObject(after, schema)) {
    const names = new Set([...Object.keys(before), ...Object.keys(after)])
    return gather([...names], name => [
      fieldElement(name),
      compare(ownValue(before, name), ownValue(after, name), fieldSchema(schema, name)),
    ])
  }
  if (isList(before, schema) && isList(after, schema)) {
    const [old, now] = [itemsByElement(before, schema), itemsByElement(after, schema)]
    const elements = new Set([...old.keys(), ...now.keys()])
    return gather([...elements], element => [element, compare(old.get(element), now.get(element), schema?.items)])
  }
  return saysTheSame(before, after, schema) ? NOTHING : { ...NOTHING, modified: LEAF }
}

/** Equal leaves; quantities by what they amount to, however they are written. */
export function saysTheSame(a: unknown, b: unknown, schema: Schema): boolean {
  if (isSame(a, b)) return true
  if (schema?.format !== 'quantity') return false
  const [x, y] = [quantityOf(a), quantityOf(b)]
  return x !== undefined && y !== undefined && compareQuantities(x, y) === 0
}

const quantityOf = (value: unknown) =>
  typeof value === 'string' || typeof value === 'number' ? parseQuantity(value) : undefined

function gather(keys: readonly string[], compareChild: (key: string) => readonly [string, Comparison]): Comparison {
  const differing = keys.map(compareChild).filter(([, comparison]) => comparison !== NOTHING)
  if (differing.length === 0) return NOTHING
  const part = (name: keyof Comparison): FieldSet | undefined =>
    fieldSet(
      false,
      differing.flatMap(([element, comparison]) => {
        const child = comparison[name]
        return child ? [[element, child] as const] : []
      }),
    )
  return { added: part('added'), modified: part('modified'), removed: part('removed') }
}
