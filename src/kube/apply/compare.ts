/** What differs between two values, field by field (structured-merge-diff's typed/compare.go). The order of a list's items does not count. */
import { isSame, ownValue } from '../equal.ts'
import { compareQuantities, parseQuantity } from '../quantity.ts'
import { type FieldSet, LEAF } from './field-set.ts'
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
    const found = new Differences()
    for (const name of Object.keys(before)) {
      found.add(fieldElement, name, compare(before[name], ownValue(after, name), fieldSchema(schema, name)))
    }
    for (const name of Object.keys(after)) {
      if (Object.hasOwn(before, name)) continue
      found.add(fieldElement, name, compare(undefined, after[name], fieldSchema(schema, name)))
    }
    return found.result()
  }
  if (isList(before, schema) && isList(after, schema)) {
    const [old, now] = [itemsByElement(before, schema), itemsByElement(after, schema)]
    const found = new Differences()
    for (const [element, item] of old) found.add(asItIs, element, compare(item, now.get(element), schema?.items))
    for (const [element, item] of now) {
      if (!old.has(element)) found.add(asItIs, element, compare(undefined, item, schema?.items))
    }
    return found.result()
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

const asItIs = (element: string): string => element

type Part = keyof Comparison
const PARTS: readonly Part[] = ['added', 'modified', 'removed']

/** What differs in the children of a node. Most are the same: nothing is made for these. */
class Differences {
  readonly #parts: Partial<Record<Part, Record<string, FieldSet>>> = {}

  add(elementOf: (key: string) => string, key: string, child: Comparison): void {
    if (child === NOTHING) return
    const element = elementOf(key)
    for (const part of PARTS) {
      const set = child[part]
      if (!set) continue
      const own = this.#parts[part] ?? {}
      own[element] = set
      this.#parts[part] = own
    }
  }

  result(): Comparison {
    const { added, modified, removed } = this.#parts
    return added || modified || removed ? { added, modified, removed } : NOTHING
  }
}
