/** The keys of one task: the first decides whether they are strings, numbers or booleans, and all must be alike. */
import { shortened, UserError } from '../failure.ts'
import type { ColumnType } from './column-type.ts'
import type { Dictionary, DictionaryLimit } from './dictionary.ts'
import { NumberDictionary } from './number-dictionary.ts'
import { StringDictionary } from './string-dictionary.ts'
import { toNumber } from './user-number.ts'

export class KeyColumn {
  /** Absent until the first key. */
  dictionary: Dictionary | undefined
  type: ColumnType | undefined
  private strings: StringDictionary | undefined
  private numbers: NumberDictionary | undefined
  private readonly limit: DictionaryLimit

  constructor(limit: DictionaryLimit) {
    this.limit = limit
  }

  idOf(key: unknown): number {
    if (typeof key === 'string' && this.strings !== undefined) return this.strings.idOf(key)
    return this.idOfOther(key)
  }

  of(kind: 'string' | 'number'): Dictionary {
    if (kind === 'string') {
      this.strings ??= new StringDictionary(this.limit)
      this.dictionary = this.strings
    } else {
      this.numbers ??= new NumberDictionary(this.limit)
      this.dictionary = this.numbers
    }
    return this.dictionary
  }

  private idOfOther(key: unknown): number {
    const type = keyTypeOf(key)
    if (this.type !== undefined && !sameKind(this.type, type)) throw mixedKeys(key, this.type)
    if (this.type === undefined || type === 'double') this.type = type
    if (type === 'string') return (this.of('string') as StringDictionary).idOf(key as string)
    return (this.of('number') as NumberDictionary).idOf(type === 'boolean' ? Number(key) : toNumber(key, 'key'))
  }
}

function keyTypeOf(key: unknown): ColumnType {
  if (typeof key === 'string') return 'string'
  if (typeof key === 'boolean') return 'boolean'
  if (typeof key === 'number' || typeof key === 'bigint') {
    return Number.isInteger(toNumber(key, 'key')) ? 'integer' : 'double'
  }
  throw new UserError(`the key is ${shortened(key)}; a key is a string, a number or a boolean`)
}

const kindOf = (type: ColumnType): ColumnType => (type === 'double' ? 'integer' : type)
const sameKind = (a: ColumnType, b: ColumnType): boolean => kindOf(a) === kindOf(b)

const NOUN: Readonly<Record<ColumnType, string>> = {
  string: 'strings',
  integer: 'numbers',
  double: 'numbers',
  boolean: 'booleans',
  json: 'objects',
}

const mixedKeys = (key: unknown, type: ColumnType): UserError =>
  new UserError(
    `the key ${shortened(key)} is not like the others, which are ${NOUN[type]}: keys of a job have one type`,
  )
