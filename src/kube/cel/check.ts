/**
 * Which type an expression has, and which functions its calls may mean; everything that does not fit, in cel-go's words
 * (cel-go's checker). The environment says what is known: variables with their types, functions.
 */

import { patternProblem } from '../schema-pattern.ts'
import type { Expression, Issue } from './expression.ts'
import type { Functions, Overload } from './functions.ts'
import { qualifiedName, rootName, TYPE_NAMES } from './names.ts'
import { parseDuration, parseTimestamp } from './time.ts'
import {
  BOOL,
  type CelType,
  DYN,
  ERROR,
  formatType,
  INT,
  isDyn,
  listOf,
  mapOf,
  optionalOf,
  Substitution,
  sameType,
  typeOf,
} from './types.ts'

export interface Scope {
  readonly variables: ReadonlyMap<string, CelType>
  readonly functions: Functions
}

/** What a call turned out to mean. */
export interface Resolution {
  readonly overloads: readonly Overload[]
  /** `optional.of(x)`: the target is part of the name. */
  readonly isQualified: boolean
  /** Arguments are of types that the only overload takes: no need to look at run time. */
  readonly isCertain: boolean
}

export interface Checked {
  readonly type: CelType
  readonly issues: readonly Issue[]
  readonly calls: ReadonlyMap<Expression, Resolution>
  /** Names of variables that the expression reads. */
  readonly reads: ReadonlySet<string>
}

export function checkExpression(root: Expression, scope: Scope): Checked {
  const checker = new Checker(scope)
  const type = checker.check(root, scope.variables)
  return { type: checker.types.final(type), issues: checker.issues, calls: checker.calls, reads: checker.reads }
}

type Variables = ReadonlyMap<string, CelType>

class Checker {
  readonly types = new Substitution()
  readonly issues: Issue[] = []
  readonly calls = new Map<Expression, Resolution>()
  readonly reads = new Set<string>()
  readonly #scope: Scope

  constructor(scope: Scope) {
    this.#scope = scope
  }

  #refuse(at: number, message: string): CelType {
    this.issues.push({ at, message })
    return ERROR
  }

  check(node: Expression, variables: Variables): CelType {
    switch (node.kind) {
      case 'literal':
        return node.type
      case 'name':
        return this.#name(node.name, node.at, variables)
      case 'select':
        return this.#select(node, variables)
      case 'call':
        return this.#call(node, variables)
      case 'list':
        return listOf(this.#join(node.items, variables))
      case 'map':
        return mapOf(
          this.#join(
            node.entries.map(([key]) => key),
            variables,
          ),
          this.#join(
            node.entries.map(([, value]) => value),
            variables,
          ),
        )
      case 'macro':
        return this.#macro(node, variables)
    }
  }

  #name(name: string, at: number, variables: Variables): CelType {
    const type = variables.get(name)
    if (type) {
      if (this.#scope.variables.get(name) === type) this.reads.add(name)
      return type
    }
    if (name in TYPE_NAMES) return typeOf({ name, params: [] })
    return this.#refuse(at, `undeclared reference to '${name}' (in container '')`)
  }

  /** Elements of a literal have one type; anything goes once one of them may be anything. */
  #join(items: readonly Expression[], variables: Variables): CelType {
    let joined: CelType | undefined
    for (const item of items) {
      const type = this.check(item, variables)
      if (joined === undefined) joined = type
      else if (!this.types.assignable([type], [joined])) {
        this.#refuse(item.at, `expected type '${this.#shown(joined)}' but found '${this.#shown(type)}'`)
        return DYN
      } else if (isDyn(type)) joined = DYN
    }
    return joined ?? this.types.fresh()
  }

  #shown = (type: CelType): string => formatType(this.types.apply(type))

  #select(node: Expression & { readonly kind: 'select' }, variables: Variables): CelType {
    const qualified = qualifiedName(node)
    if (qualified && !variables.has(rootName(node) ?? '') && qualified in TYPE_NAMES) {
      return typeOf({ name: qualified, params: [] })
    }
    const operand = this.types.apply(this.check(node.operand, variables))
    const isOptional = node.isOptional || operand.name === 'optional_type'
    const target = operand.name === 'optional_type' ? this.types.apply(operand.params[0] ?? DYN) : operand
    const type = this.#fieldType(target, node)
    if (node.isTest) return BOOL
    return isOptional && type !== ERROR ? optionalOf(type) : type
  }

  #fieldType(target: CelType, { field, at }: Expression & { readonly kind: 'select' }): CelType {
    if (isDyn(target)) return DYN
    if (target.name === 'map') return target.params[1] ?? DYN
    if (target.fields) return target.fields.get(field)?.type ?? this.#refuse(at, `undefined field '${field}'`)
    if (/^[A-Z]/.test(target.name)) return DYN
    return this.#refuse(at, `type '${this.#shown(target)}' does not support field selection`)
  }

  #call(node: Expression & { readonly kind: 'call' }, variables: Variables): CelType {
    const { target, args, at } = node
    const prefix = target && !variables.has(rootName(target) ?? '') ? qualifiedName(target) : undefined
    const isQualified = prefix !== undefined && this.#scope.functions.has(`${prefix}.${node.name}`)
    const name = isQualified ? `${prefix}.${node.name}` : node.name
    const isMember = target !== undefined && !isQualified
    const given = [...(isMember && target ? [target] : []), ...args]
    const known = this.#scope.functions.get(name)
    if (!known) {
      if (target) this.check(target, variables)
      this.#refuse(at, `undeclared reference to '${node.name}' (in container '')`)
      for (const arg of args) this.check(arg, variables)
      return ERROR
    }
    if (name === '_&&_' || name === '_||_') return this.#logic(args, variables)
    const types = given.map(arg =>
      name === 'format' && arg.kind === 'list' ? this.#mixedList(arg.items, variables) : this.check(arg, variables),
    )
    this.#checkLiterals(name, given)
    const candidates = known.filter(each => each.isMember === isMember && each.params.length === types.length)
    return this.#resolve(node, name, candidates, types, isQualified)
  }

  #logic(args: readonly Expression[], variables: Variables): CelType {
    for (const arg of args) this.#mustBeBool(arg, variables)
    return BOOL
  }

  /** What is formatted may be of any types. */
  #mixedList(items: readonly Expression[], variables: Variables): CelType {
    for (const item of items) this.check(item, variables)
    return listOf(DYN)
  }

  /** Text that can be judged now is: patterns, durations, times. */
  #checkLiterals(name: string, given: readonly Expression[]): void {
    const literal = given.at(-1)
    const isValid = LITERALS[name]
    if (!isValid || literal?.kind !== 'literal' || typeof literal.value !== 'string') return
    if (!isValid(literal.value)) this.#refuse(literal.at, `invalid ${name} argument`)
  }

  #resolve(
    node: Expression & { readonly kind: 'call' },
    name: string,
    candidates: readonly Overload[],
    types: readonly CelType[],
    isQualified: boolean,
  ): CelType {
    const fitting: Overload[] = []
    let result: CelType | undefined
    for (const overload of candidates) {
      const [own = ERROR, ...params] = this.types.instantiate([overload.result, ...overload.params])
      if (!this.types.assignable(types, params)) continue
      fitting.push(overload)
      const mine = this.types.apply(own)
      if (result === undefined) result = mine
      else if (!sameType(result, mine)) result = DYN
    }
    if (result === undefined) {
      // What cannot be said of an erroneous argument has been said already.
      if (types.some(type => type === ERROR)) return ERROR
      const shown = types.map(this.#shown)
      const isMember = node.target !== undefined && !isQualified
      const form = isMember ? `${shown[0]}.(${shown.slice(1).join(', ')})` : `(${shown.join(', ')})`
      return this.#refuse(node.at, `found no matching overload for '${name}' applied to '${form}'`)
    }
    const isCertain = fitting.length === 1 && !types.some(type => mayBeAnything(this.types.apply(type)))
    this.calls.set(node, { overloads: fitting, isQualified, isCertain })
    return result
  }

  #macro(node: Expression & { readonly kind: 'macro' }, variables: Variables): CelType {
    const range = this.types.apply(this.check(node.range, variables))
    const bound = this.#bind(node, range, variables)
    if (node.filter) this.#mustBeBool(node.filter, bound)
    switch (node.macro) {
      case 'all':
      case 'exists':
      case 'exists_one':
      case 'existsOne':
        this.#mustBeBool(node.body, bound)
        return BOOL
      case 'sortBy':
        this.check(node.body, bound)
        return range
      case 'filter':
        this.#mustBeBool(node.body, bound)
        return listOf(bound.get(node.variables[0] ?? '') ?? DYN)
      case 'map':
      case 'transformList':
        return listOf(this.check(node.body, bound))
      case 'transformMap':
        return mapOf(range.name === 'list' ? INT : (range.params[0] ?? DYN), this.check(node.body, bound))
      case 'transformMapEntry': {
        const entry = this.types.apply(this.check(node.body, bound))
        return entry.name === 'map' ? entry : mapOf(DYN, DYN)
      }
      case 'optMap':
        return optionalOf(this.check(node.body, bound))
      case 'optFlatMap':
        return this.check(node.body, bound)
    }
  }

  #mustBeBool(node: Expression, variables: Variables): void {
    const type = this.types.apply(this.check(node, variables))
    if (!this.types.assignable([type], [BOOL])) {
      this.#refuse(node.at, `expected type 'bool' but found '${this.#shown(type)}'`)
    }
  }

  #bind(node: Expression & { readonly kind: 'macro' }, range: CelType, variables: Variables): Variables {
    const [first = '', second] = node.variables
    if (node.macro === 'optMap' || node.macro === 'optFlatMap') {
      const item = range.name === 'optional_type' ? (range.params[0] ?? DYN) : DYN
      if (range.name !== 'optional_type' && !isDyn(range)) {
        const shown = this.#shown(range)
        this.#refuse(node.at, `found no matching overload for 'hasValue' applied to '${shown}.()'`)
      }
      return new Map([...variables, [first, item]])
    }
    const [key, value] = this.#rangeTypes(node.range, range)
    if (second !== undefined) return new Map([...variables, [first, key], [second, value]])
    return new Map([...variables, [first, range.name === 'map' ? key : value]])
  }

  #rangeTypes(node: Expression, range: CelType): readonly [CelType, CelType] {
    if (range.name === 'list') return [INT, range.params[0] ?? DYN]
    if (range.name === 'map') return [range.params[0] ?? DYN, range.params[1] ?? DYN]
    if (!isDyn(range) && !/^[A-Z]/.test(range.name)) {
      const shown = this.#shown(range)
      this.#refuse(
        node.at,
        `expression of type '${shown}' cannot be range of a comprehension (must be list, map, or dynamic)`,
      )
      return [ERROR, ERROR]
    }
    return [DYN, DYN]
  }
}

const LITERALS: Readonly<Record<string, (text: string) => boolean>> = {
  matches: text => patternProblem(text) === undefined,
  duration: text => parseDuration(text) !== undefined,
  timestamp: text => parseTimestamp(text) !== undefined,
}

const mayBeAnything = (type: CelType): boolean =>
  isDyn(type) || /^[A-Z]/.test(type.name) || (type.name !== 'type' && type.params.some(mayBeAnything))
