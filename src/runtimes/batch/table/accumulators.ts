/**
 * The algebras over typed arrays: a partial result is a few numbers (`cells`) a key, or one string where strings are compared. Partials
 * of two tasks merge in any grouping; the order of merging is kept the same in every run, so that sums of fractions come out equal.
 */

import { unreachable } from '../../../base/invariant.ts'
import type { Algebra } from '../../../spec/kinds.ts'
import { shortened, UserError } from '../failure.ts'
import type { Block } from '../shuffle/block.ts'
import type { BlockBuilder } from '../shuffle/block-builder.ts'
import type { ColumnType } from './column-type.ts'
import { exactSum, toNumber } from './user-number.ts'

export interface Accumulators {
  /** Numbers that make up a partial; 0 when partials are strings. */
  readonly cells: number
  readonly type: ColumnType
  /** Folds one value of the user's function into key `id`; ids come densely. */
  add(id: number, value: unknown): void
  /** Folds value `at` of a block, a partial of another table. */
  merge(id: number, block: Block, at: number): void
  append(block: BlockBuilder, id: number): void
  result(id: number): number | string
  clear(): void
}

export type KeyedAlgebra = Exclude<Algebra, 'topK'>

export function accumulatorsFor(by: KeyedAlgebra, valueType?: ColumnType): Accumulators {
  switch (by) {
    case 'sum':
      return new Sums(valueType === 'double')
    case 'count':
      return new Counts()
    case 'avg':
      return new Averages()
    case 'min':
    case 'max':
      return new Extremes(by, valueType)
    default:
      return unreachable(by)
  }
}

const FIRST_CAPACITY = 1 << 12

function larger(array: Float64Array, fill = 0): Float64Array<ArrayBuffer> {
  const grown = new Float64Array(array.length * 2)
  grown.set(array)
  if (fill !== 0) grown.fill(fill, array.length)
  return grown
}

class Sums implements Accumulators {
  readonly cells = 1
  private sums = new Float64Array(FIRST_CAPACITY)
  private fractional: boolean

  constructor(fractional: boolean) {
    this.fractional = fractional
  }

  get type(): ColumnType {
    return this.fractional ? 'double' : 'integer'
  }

  add(id: number, value: unknown): void {
    const number = typeof value === 'number' && Number.isInteger(value) ? value : this.unusual(value)
    if (id >= this.sums.length) this.sums = larger(this.sums)
    this.sums[id]! += number
  }

  merge(id: number, block: Block, at: number): void {
    if (id >= this.sums.length) this.sums = larger(this.sums)
    this.sums[id]! += block.cells[at]!
  }

  append(block: BlockBuilder, id: number): void {
    block.addCell(this.result(id))
  }

  result(id: number): number {
    return exactSum(this.sums[id]!, !this.fractional)
  }

  clear(): void {
    this.sums.fill(0)
  }

  private unusual(value: unknown): number {
    const number = toNumber(value, 'value to sum')
    if (!Number.isInteger(number)) this.fractional = true
    return number
  }
}

class Counts implements Accumulators {
  readonly cells = 1
  readonly type = 'integer'
  private counts = new Float64Array(FIRST_CAPACITY)

  add(id: number): void {
    if (id >= this.counts.length) this.counts = larger(this.counts)
    this.counts[id]!++
  }

  merge(id: number, block: Block, at: number): void {
    if (id >= this.counts.length) this.counts = larger(this.counts)
    this.counts[id]! += block.cells[at]!
  }

  append(block: BlockBuilder, id: number): void {
    block.addCell(this.counts[id]!)
  }

  result(id: number): number {
    return this.counts[id]!
  }

  clear(): void {
    this.counts.fill(0)
  }
}

class Averages implements Accumulators {
  readonly cells = 2
  readonly type = 'double'
  private sums = new Float64Array(FIRST_CAPACITY)
  private counts = new Float64Array(FIRST_CAPACITY)

  add(id: number, value: unknown): void {
    this.reserve(id)
    this.sums[id]! += toNumber(value, 'value to average')
    this.counts[id]!++
  }

  merge(id: number, block: Block, at: number): void {
    this.reserve(id)
    this.sums[id]! += block.cells[at * 2]!
    this.counts[id]! += block.cells[at * 2 + 1]!
  }

  append(block: BlockBuilder, id: number): void {
    block.addCell(this.sums[id]!)
    block.addCell(this.counts[id]!)
  }

  result(id: number): number {
    return this.sums[id]! / this.counts[id]!
  }

  clear(): void {
    this.sums.fill(0)
    this.counts.fill(0)
  }

  private reserve(id: number): void {
    if (id < this.sums.length) return
    this.sums = larger(this.sums)
    this.counts = larger(this.counts)
  }
}

/** Least or greatest; numbers by size, strings by code units. The first value decides which. */
class Extremes implements Accumulators {
  private readonly sign: 1 | -1
  private strings: (string | undefined)[] | undefined
  private numbers: Float64Array | undefined
  private fractional: boolean

  constructor(by: 'min' | 'max', valueType?: ColumnType) {
    this.sign = by === 'max' ? 1 : -1
    this.fractional = valueType === 'double'
    if (valueType === 'string') this.strings = []
  }

  get cells(): number {
    return this.strings ? 0 : 1
  }

  get type(): ColumnType {
    return this.strings ? 'string' : this.fractional ? 'double' : 'integer'
  }

  add(id: number, value: unknown): void {
    if (typeof value === 'string') this.addString(id, value)
    else this.addNumber(id, toNumber(value, 'value to compare'))
  }

  merge(id: number, block: Block, at: number): void {
    if (block.value === 'json') this.addString(id, jsonAt(block, at) as string)
    else this.addNumber(id, block.cells[at]!)
  }

  append(block: BlockBuilder, id: number): void {
    if (this.strings) block.addJson(JSON.stringify(this.strings[id]))
    else block.addCell(this.numbers![id]!)
  }

  result(id: number): number | string {
    return this.strings ? this.strings[id]! : this.numbers![id]!
  }

  clear(): void {
    this.strings = this.strings ? [] : undefined
    this.numbers?.fill(this.worst)
  }

  private get worst(): number {
    return -this.sign * Number.POSITIVE_INFINITY
  }

  private addString(id: number, value: string): void {
    if (this.numbers) throw mixed(value)
    this.strings ??= []
    const present = this.strings[id]
    if (present === undefined || (this.sign > 0 ? value > present : value < present)) this.strings[id] = value
  }

  private addNumber(id: number, value: number): void {
    if (this.strings) throw mixed(value)
    this.numbers ??= new Float64Array(FIRST_CAPACITY).fill(this.worst)
    if (id >= this.numbers.length) this.numbers = larger(this.numbers, this.worst)
    if (!this.fractional && !Number.isInteger(value)) this.fractional = true
    if (this.sign > 0 ? value > this.numbers[id]! : value < this.numbers[id]!) this.numbers[id] = value
  }
}

const mixed = (value: unknown): UserError =>
  new UserError(`the value ${shortened(value)} cannot be compared with the others: some are numbers, some strings`)

/** Value `at` of a block whose values are JSON. */
export function jsonAt(block: Block, at: number): unknown {
  const start = at === 0 ? 0 : block.jsonEnds[at - 1]!
  return JSON.parse(block.json.toString('utf8', start, block.jsonEnds[at]!))
}
