/** Which fields a value speaks of (structured-merge-diff's typed/tofieldset.go): the claim of whoever applies it. */
import { isRecord } from '../equal.ts'
import { childrenOf, type FieldSet, fieldSet, LEAF, SELF } from './field-set.ts'
import { fieldElement, fieldSchema, isList, isNamedField, isObject, itemElement, type Schema } from './shape.ts'

/** Leaves, items of lists and keys of maps. An object that only holds others is claimed by none but those who claim something in it. */
export function fieldsOf(value: unknown, schema: Schema): FieldSet | undefined {
  if (isObject(value, schema)) {
    const fields = Object.entries(value).flatMap(([name, field]) => {
      const inside = fieldsOf(field, fieldSchema(schema, name))
      const claimed = isEmptyObject(field) || !isNamedField(schema, name) ? asMember(inside) : inside
      return claimed ? [[fieldElement(name), claimed] as const] : []
    })
    return fieldSet(false, fields)
  }
  if (isList(value, schema)) {
    return fieldSet(
      false,
      value.map(item => [itemElement(item, schema), asMember(fieldsOf(item, schema?.items))] as const),
    )
  }
  return LEAF
}

/** Everything in a value, objects and lists included: what is new when it appears, and gone when it goes. */
export function allFieldsOf(value: unknown, schema: Schema): FieldSet {
  let set: Record<string, FieldSet> | undefined
  if (isObject(value, schema)) {
    for (const name of Object.keys(value)) {
      set ??= { [SELF]: LEAF }
      set[fieldElement(name)] = allFieldsOf(value[name], fieldSchema(schema, name))
    }
  } else if (isList(value, schema)) {
    for (const item of value) {
      set ??= { [SELF]: LEAF }
      set[itemElement(item, schema)] = allFieldsOf(item, schema?.items)
    }
  }
  return set ?? LEAF
}

const isEmptyObject = (value: unknown): boolean => isRecord(value) && Object.keys(value).length === 0

const asMember = (set: FieldSet | undefined): FieldSet => fieldSet(true, set ? childrenOf(set) : [])!
