/** One block of a shuffle file as typed arrays over its bytes; the layout is told in `block-builder.ts`. */
import { invariant } from '../../../base/invariant.ts'
import { HEADER_BYTES, KEY_KINDS, padded, type ValueKind } from './block-builder.ts'

export interface Block {
  readonly key: 'string' | 'number'
  readonly value: ValueKind
  readonly cellsPerValue: number
  readonly keys: number
  readonly values: number
  /** Code units of all string keys; key `i` ends at `keyEnds[i]`. */
  readonly units: Uint16Array
  readonly keyEnds: Uint32Array
  readonly keyNumbers: Float64Array
  /** Values of each key; absent: one each. */
  readonly counts: Uint32Array | undefined
  readonly cells: Float64Array
  readonly jsonEnds: Uint32Array
  readonly json: Buffer
}

/** `bytes` must begin at a multiple of eight of its buffer. */
export function decodeBlock(bytes: Uint8Array): Block {
  const { buffer, byteOffset } = bytes
  const [total, keys, values, numUnits, jsonBytes] = new Uint32Array(buffer, byteOffset, 5)
  invariant(total === bytes.length, 'a block is as long as it says')
  const [keyIndex, valueKind, cellsPerValue, grouped] = bytes.subarray(20, 24)
  const keyKind = KEY_KINDS[keyIndex!]
  let at = byteOffset + HEADER_BYTES
  const take = (length: number): number => {
    const start = at
    at += padded(length)
    return start
  }
  const isNumber = keyKind === 'number'
  const keyNumbers = isNumber ? new Float64Array(buffer, take(keys! * 8), keys) : NO_NUMBERS
  const keyEnds = isNumber ? NO_ENDS : new Uint32Array(buffer, take(keys! * 4), keys)
  const units = isNumber ? NO_UNITS : unitsAt(buffer, take, numUnits!, keyKind === 'latin1')
  const counts = grouped === 1 ? new Uint32Array(buffer, take(keys! * 4), keys) : undefined
  const isJson = valueKind === 1
  const numCells = values! * cellsPerValue!
  const cells = isJson ? NO_NUMBERS : new Float64Array(buffer, take(numCells * 8), numCells)
  const jsonEnds = isJson ? new Uint32Array(buffer, take(values! * 4), values) : NO_ENDS
  const json = isJson ? Buffer.from(buffer, take(jsonBytes!), jsonBytes) : NO_JSON
  return {
    key: isNumber ? 'number' : 'string',
    value: isJson ? 'json' : 'cells',
    cellsPerValue: cellsPerValue!,
    keys: keys!,
    values: values!,
    units,
    keyEnds,
    keyNumbers,
    counts,
    cells,
    jsonEnds,
    json,
  }
}

/** Widened when narrow: one kind of array in the hot loops of the dictionary. */
function unitsAt(
  buffer: ArrayBufferLike,
  take: (length: number) => number,
  numUnits: number,
  narrow: boolean,
): Uint16Array {
  if (narrow) return Uint16Array.from(new Uint8Array(buffer, take(numUnits), numUnits))
  return new Uint16Array(buffer, take(numUnits * 2), numUnits)
}

const NO_NUMBERS = new Float64Array(0)
const NO_ENDS = new Uint32Array(0)
const NO_UNITS = new Uint16Array(0)
const NO_JSON = Buffer.alloc(0)
