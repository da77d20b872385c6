/**
 * Types of CEL expressions: how they are written in messages, and which fits where (cel-go's checker/types.go). A type is a name with
 * parameters; an object type knows its fields.
 */
export interface CelType {
  /** `int`, `list`, `map`, `optional_type`, `type`, an opaque type's name, or an object's. A type variable is upper-case. */
  readonly name: string
  readonly params: readonly CelType[]
  readonly fields?: ReadonlyMap<string, Field>
}

export interface Field {
  readonly type: CelType
  /** Its name in JSON, where CEL cannot write that one (`a-b` is `a__dash__b`). */
  readonly jsonName: string
}

const simple = (name: string): CelType => ({ name, params: [] })

export const INT = simple('int')
export const UINT = simple('uint')
export const DOUBLE = simple('double')
export const BOOL = simple('bool')
export const STRING = simple('string')
export const BYTES = simple('bytes')
export const NULL = simple('null')
export const DYN = simple('dyn')
export const TIMESTAMP = simple('timestamp')
export const DURATION = simple('duration')
/** The type of what has been complained about already: it fits everywhere. */
export const ERROR = simple('!error!')

export const listOf = (item: CelType): CelType => ({ name: 'list', params: [item] })
export const mapOf = (key: CelType, value: CelType): CelType => ({ name: 'map', params: [key, value] })
export const optionalOf = (type: CelType): CelType => ({ name: 'optional_type', params: [type] })
export const typeOf = (type: CelType): CelType => ({ name: 'type', params: [type] })
export const objectType = (name: string, fields: ReadonlyMap<string, Field>): CelType => ({ name, params: [], fields })

export const isDyn = ({ name }: CelType): boolean => name === 'dyn' || name === '!error!'
const isVariable = ({ name }: CelType): boolean => /^[A-Z]/.test(name)

export const formatType = ({ name, params }: CelType): string =>
  params.length === 0 ? name : `${name}(${params.map(formatType).join(', ')})`

/** `list<A>` and the like, as the tables of functions write them. */
export function parseType(text: string): CelType {
  const open = text.indexOf('<')
  if (open < 0) return simple(text)
  const params: string[] = []
  let depth = 0
  let start = open + 1
  for (let i = start; i < text.length; i++) {
    const char = text[i]
    if (char === '<') depth++
    else if (char === '>' && depth-- === 0) params.push(text.slice(start, i))
    else if (char === ',' && depth === 0) {
      params.push(text.slice(start, i))
      start = i + 1
    }
  }
  return { name: text.slice(0, open), params: params.map(param => parseType(param.trim())) }
}

/** What type variables have turned out to be. */
export class Substitution {
  #bound = new Map<string, CelType>()
  #numFresh = 0

  /** The type with what is known of its variables; unknown ones stay. */
  apply(type: CelType): CelType {
    if (isVariable(type)) {
      const bound = this.#bound.get(type.name)
      return bound ? this.apply(bound) : type
    }
    return type.params.length === 0 ? type : { ...type, params: type.params.map(param => this.apply(param)) }
  }

  /** The final type: a variable that nothing bound may be anything. */
  final(type: CelType): CelType {
    const applied = this.apply(type)
    if (isVariable(applied)) return DYN
    return applied.params.length === 0
      ? applied
      : { ...applied, params: applied.params.map(param => this.final(param)) }
  }

  fresh(): CelType {
    return simple(`T${++this.#numFresh}`)
  }

  /** The same types with variables of their own, for one use of a function. */
  instantiate(types: readonly CelType[]): readonly CelType[] {
    const renamed = new Map<string, CelType>()
    const rename = (type: CelType): CelType => {
      if (isVariable(type)) {
        const known = renamed.get(type.name) ?? this.fresh()
        renamed.set(type.name, known)
        return known
      }
      return type.params.length === 0 ? type : { ...type, params: type.params.map(rename) }
    }
    return types.map(rename)
  }

  /** Whether values of the types may stand where the wanted ones are; variables are bound only if all of them may. */
  assignable(given: readonly CelType[], wanted: readonly CelType[]): boolean {
    const before = new Map(this.#bound)
    const fits = given.every((type, i) => this.#fits(type, wanted[i] ?? ERROR))
    if (!fits) this.#bound = before
    return fits
  }

  #fits(given: CelType, wanted: CelType): boolean {
    const a = this.apply(given)
    const b = this.apply(wanted)
    if (isVariable(b)) return this.#bind(b, a)
    if (isVariable(a)) return this.#bind(a, b)
    if (isDyn(a) || isDyn(b)) return true
    if (a.name === 'null') return !NEVER_NULL.has(b.name)
    if (b.name === 'null') return !NEVER_NULL.has(a.name)
    if (a.name !== b.name || a.params.length !== b.params.length) return false
    // A type is a value of the type of types, whatever it is the type of.
    if (a.name === 'type') return true
    return a.params.every((param, i) => this.#fits(param, b.params[i] ?? ERROR))
  }

  #bind(variable: CelType, type: CelType): boolean {
    if (variable.name === type.name) return true
    if (occurs(variable.name, type)) return false
    this.#bound.set(variable.name, type)
    return true
  }
}

const NEVER_NULL = new Set(['int', 'uint', 'double', 'bool', 'string', 'bytes', 'list', 'map', 'type'])

const occurs = (name: string, type: CelType): boolean =>
  type.name === name || type.params.some(param => occurs(name, param))

export const sameType = (a: CelType, b: CelType): boolean =>
  a.name === b.name &&
  a.params.length === b.params.length &&
  a.params.every((p, i) => sameType(p, b.params[i] ?? ERROR))
