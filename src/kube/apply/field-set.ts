/**
 * Sets of fields in the form that objects carry them (`fieldsV1`): a tree whose edges are path elements, `f:replicas` (a field),
 * `k:{"name":"a"}` (an item by its keys), `v:"x"` (an item by its value). A node is a member of the set when it has the edge `.` or no edges
 * at all. The empty set is `undefined`. Follows structured-merge-diff's fieldpath; nothing is ever changed, equal parts are shared.
 */
export interface FieldSet {
  readonly [element: string]: FieldSet
}

export const SELF = '.'
export const LEAF: FieldSet = Object.freeze({})

const hasEdges = (set: FieldSet): boolean => {
  for (const _ in set) return true
  return false
}

export const isMember = (set: FieldSet): boolean => SELF in set || !hasEdges(set)

export const childrenOf = (set: FieldSet): readonly (readonly [element: string, child: FieldSet])[] =>
  Object.entries(set).filter(([element]) => element !== SELF)

/** A node from its parts. */
export function fieldSet(
  member: boolean,
  children: readonly (readonly [element: string, child: FieldSet])[],
): FieldSet | undefined {
  if (children.length === 0) return member ? LEAF : undefined
  return Object.fromEntries(member ? [[SELF, LEAF], ...children] : children)
}

export function union(a: FieldSet | undefined, b: FieldSet | undefined): FieldSet | undefined {
  if (a === undefined || a === b) return b
  if (b === undefined) return a
  const onlyInB = childrenOf(b).filter(([element]) => !(element in a))
  const inA = childrenOf(a).map(([element, child]) => [element, union(child, b[element])!] as const)
  return fieldSet(isMember(a) || isMember(b), [...inA, ...onlyInB])
}

export function difference(a: FieldSet | undefined, b: FieldSet | undefined): FieldSet | undefined {
  if (a === undefined || b === undefined) return a
  let isUntouched = !(isMember(a) && isMember(b))
  const rest = childrenOf(a).flatMap(([element, child]) => {
    const left = difference(child, b[element])
    if (left !== child) isUntouched = false
    return left === undefined ? [] : [[element, left] as const]
  })
  return isUntouched ? a : fieldSet(isMember(a) && !isMember(b), rest)
}

export function intersection(a: FieldSet | undefined, b: FieldSet | undefined): FieldSet | undefined {
  if (a === undefined || b === undefined) return undefined
  return fieldSet(
    isMember(a) && isMember(b),
    childrenOf(a).flatMap(([element, child]) => {
      const shared = intersection(child, b[element])
      return shared === undefined ? [] : [[element, shared] as const]
    }),
  )
}

/** The members, as people read them: `.spec.containers[name="a"].image`. */
export const pathsOf = (set: FieldSet | undefined, path = ''): readonly string[] =>
  set === undefined
    ? []
    : [
        ...(isMember(set) ? [path] : []),
        ...childrenOf(set).flatMap(([element, child]) => pathsOf(child, path + readable(element))),
      ]

function readable(element: string): string {
  const text = element.slice(2)
  if (element.startsWith('f:')) return `.${text}`
  if (element.startsWith('v:')) return `[=${text}]`
  if (element.startsWith('k:')) {
    const keys = Object.entries(JSON.parse(text) as Record<string, unknown>)
    return `[${keys.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(',')}]`
  }
  return `[${text}]`
}
