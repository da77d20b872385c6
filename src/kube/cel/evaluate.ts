/**
 * A checked expression becomes a closure over closures. Every step is paid for from a budget, with cel-go's prices (one for a call or a
 * field, a tenth for each character walked over, ten for a list), so that no rule runs for long whatever it says.
 */

import { entry, has, isTrue, optionalEntry, weight } from './access.ts'
import type { Checked } from './check.ts'
import { equals } from './compare.ts'
import type { Expression, Literal } from './expression.ts'
import type { Frame } from './frame.ts'
import type { Overload } from './functions.ts'
import { COLLECT, transform, walk } from './macros.ts'
import { qualifiedName, TYPE_NAMES } from './names.ts'
import type { CelType } from './types.ts'
import {
  CelError,
  CelList,
  CelMap,
  type CelValue,
  Duration,
  MapValue,
  NONE,
  Opaque,
  Optional,
  Timestamp,
  TypeValue,
  Uint,
} from './values.ts'

export type Evaluate = (frame: Frame) => CelValue

const LIST_COST = 10
const MAP_COST = 30

/** Where a macro's variables lie in the frame. */
type Slots = ReadonlyMap<string, number>

export const compileChecked = (root: Expression, checked: Checked): Evaluate =>
  new Compiler(checked).compile(root, new Map())

class Compiler {
  readonly #checked: Checked
  #numSlots = 0
  constructor(checked: Checked) {
    this.#checked = checked
  }

  compile(node: Expression, slots: Slots): Evaluate {
    switch (node.kind) {
      case 'literal': {
        const value = literalValue(node.value)
        return () => value
      }
      case 'name':
        return this.#name(node.name, slots)
      case 'select':
        return this.#select(node, slots)
      case 'list':
        return this.#list(node.items, slots)
      case 'map':
        return this.#map(node.entries, slots)
      case 'call':
        return this.#call(node, slots)
      case 'macro':
        return this.#macro(node, slots)
    }
  }

  #name(name: string, slots: Slots): Evaluate {
    const slot = slots.get(name)
    if (slot !== undefined) {
      return frame => {
        frame.spend(1)
        return frame.slots[slot] as CelValue
      }
    }
    const type = TYPE_NAMES[name]
    return frame => {
      frame.spend(1)
      const value = frame.variables[name]
      if (value !== undefined) return value
      if (type) return new TypeValue(type)
      throw new CelError(`no such attribute(s): ${name}`)
    }
  }

  #select(node: Expression & { readonly kind: 'select' }, slots: Slots): Evaluate {
    const whole = qualifiedName(node)
    if (whole && TYPE_NAMES[whole]) return () => new TypeValue(whole)
    const operand = this.compile(node.operand, slots)
    const { field, isOptional, isTest } = node
    if (isTest) return frame => has(operand(frame), field)
    return frame => {
      const value = operand(frame)
      frame.spend(1)
      return isOptional || value instanceof Optional ? optionalEntry(value, field) : entry(value, field)
    }
  }

  #list(items: readonly Expression[], slots: Slots): Evaluate {
    const parts = items.map(item => this.compile(item, slots))
    return frame => {
      frame.spend(LIST_COST)
      return new CelList(parts.map(part => part(frame)))
    }
  }

  #map(entries: readonly (readonly [Expression, Expression])[], slots: Slots): Evaluate {
    const parts = entries.map(([k, v]) => [this.compile(k, slots), this.compile(v, slots)] as const)
    return frame => {
      frame.spend(MAP_COST)
      return new MapValue(parts.map(([k, v]) => [k(frame), v(frame)] as const))
    }
  }

  #call(node: Expression & { readonly kind: 'call' }, slots: Slots): Evaluate {
    const resolved = this.#checked.calls.get(node)
    const given = [...(node.target && !resolved?.isQualified ? [node.target] : []), ...node.args]
    const parts = given.map(arg => this.compile(arg, slots))
    const special = SPECIAL[node.name]
    if (special) return special(parts)
    const overloads = resolved?.overloads ?? []
    const only = resolved?.isCertain ? overloads[0] : undefined
    return frame => {
      const args = parts.map(part => part(frame))
      const overload = only ?? overloads.find(each => takes(each, args))
      if (!overload) throw new CelError('no such overload')
      frame.spend(overload.cost ? Math.max(1, Math.ceil(overload.cost(...args))) : 1)
      return overload.call(...args)
    }
  }

  #macro(node: Expression & { readonly kind: 'macro' }, slots: Slots): Evaluate {
    const range = this.compile(node.range, slots)
    const mine = node.variables.map(() => this.#numSlots++)
    const inside = new Map([...slots, ...node.variables.map((name, i) => [name, mine[i] as number] as const)])
    const body = this.compile(node.body, inside)
    const filter = node.filter && this.compile(node.filter, inside)
    const [first = 0, second] = mine
    if (node.macro === 'optMap' || node.macro === 'optFlatMap') {
      const isFlat = node.macro === 'optFlatMap'
      return frame => {
        const value = range(frame)
        if (!(value instanceof Optional)) throw new CelError('no such overload')
        if (value.value === undefined) return NONE
        frame.slots[first] = value.value
        return isFlat ? body(frame) : new Optional(body(frame))
      }
    }
    const finish = COLLECT[node.macro] ?? transform
    return frame => {
      const steps = walk(range(frame), frame, first, second)
      return finish(steps, () => body(frame), filter && (() => isTrue(filter(frame))))
    }
  }
}

function literalValue(value: Literal): CelValue {
  return typeof value === 'object' && value !== null && 'uint' in value ? new Uint(value.uint) : value
}

/** Operators that do not always look at all of their operands, or take operands of any type. */
const SPECIAL: Readonly<Record<string, (parts: readonly Evaluate[]) => Evaluate>> = {
  '_&&_': parts => shortCircuit(parts, false),
  '_||_': parts => shortCircuit(parts, true),
  '_?_:_':
    ([condition = nothing, yes = nothing, no = nothing]) =>
    frame =>
      isTrue(condition(frame)) ? yes(frame) : no(frame),
  '_==_':
    ([a = nothing, b = nothing]) =>
    frame =>
      sameValue(a(frame), b(frame), frame),
  '_!=_':
    ([a = nothing, b = nothing]) =>
    frame =>
      !sameValue(a(frame), b(frame), frame),
  '_[_]':
    ([operand = nothing, index = nothing]) =>
    frame => {
      const value = operand(frame)
      frame.spend(1)
      return value instanceof Optional ? optionalEntry(value, index(frame)) : entry(value, index(frame))
    },
  '_[?_]':
    ([operand = nothing, index = nothing]) =>
    frame => {
      const value = operand(frame)
      frame.spend(1)
      return optionalEntry(value, index(frame))
    },
}

const nothing: Evaluate = () => null

const sameValue = (a: CelValue, b: CelValue, frame: Frame): boolean => {
  frame.spend(Math.max(1, Math.ceil(Math.min(weight(a), weight(b)))))
  return equals(a, b)
}

/** One operand that decides is enough, whichever side it stands on and whatever became of the other. */
function shortCircuit([left = nothing, right = nothing]: readonly Evaluate[], decisive: boolean): Evaluate {
  const attempt = (part: Evaluate, frame: Frame): boolean | CelError => {
    try {
      return isTrue(part(frame))
    } catch (error) {
      if (error instanceof CelError) return error
      throw error
    }
  }
  return frame => {
    const a = attempt(left, frame)
    if (a === decisive) return decisive
    const b = attempt(right, frame)
    if (b === decisive) return decisive
    if (a instanceof CelError) throw a
    if (b instanceof CelError) throw b
    return !decisive
  }
}

const takes = ({ params }: Overload, args: readonly CelValue[]): boolean =>
  params.every((param, i) => isOf(args[i] as CelValue, param))

/** Whether a value is of a type, as far as a value can tell. */
function isOf(value: CelValue, { name }: CelType): boolean {
  switch (name) {
    case 'int':
      return typeof value === 'bigint'
    case 'uint':
      return value instanceof Uint
    case 'double':
      return typeof value === 'number'
    case 'string':
      return typeof value === 'string'
    case 'bool':
      return typeof value === 'boolean'
    case 'bytes':
      return value instanceof Uint8Array
    case 'null':
      return value === null
    case 'timestamp':
      return value instanceof Timestamp
    case 'duration':
      return value instanceof Duration
    case 'list':
      return value instanceof CelList
    case 'map':
      return value instanceof CelMap
    case 'optional_type':
      return value instanceof Optional
    case 'type':
      return value instanceof TypeValue
    default:
      return value instanceof Opaque ? value.type === name : name === 'dyn' || /^[A-Z]/.test(name)
  }
}
