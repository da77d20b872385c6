/**
 * Shuffle files are rows of blocks, each a few typed arrays that are read back without parsing a row. Little-endian, sections padded to
 * eight bytes:
 *
 *   header (32 bytes): length of the whole, keys, values, code units, bytes of JSON, then key kind, value kind, cells a value, grouped
 *   keys:    end of each key in the code units (u32) and the units (u8 when all fit, else u16), or one f64 a key
 *   counts:  how many values each key has (u32), only when grouped; otherwise one each
 *   values:  `cells` f64 a value, or end of each in the JSON (u32) and its UTF-8 bytes
 */
export const HEADER_BYTES = 32
export const KEY_KINDS = ['latin1', 'utf16', 'number'] as const
const TARGET_BYTES = 64 * 1024

export type ValueKind = 'cells' | 'json'

export interface BlockShape {
  readonly key: 'string' | 'number'
  readonly value: ValueKind
  /** Numbers that make up one value; 0 with JSON. */
  readonly cells: number
  readonly grouped: boolean
}

export class BlockBuilder {
  readonly shape: BlockShape
  keys = 0
  values = 0
  private units = new Uint16Array(1 << 15)
  private numUnits = 0
  /** All units so far, or-ed: below 256 they fit a byte each. */
  private unitBits = 0
  private keyEnds = new Uint32Array(1 << 12)
  private keyNumbers = new Float64Array(1 << 12)
  private counts = new Uint32Array(1 << 12)
  private cells = new Float64Array(1 << 12)
  private numCells = 0
  private jsonEnds = new Uint32Array(1 << 12)
  private json = Buffer.allocUnsafe(1 << 16)
  private jsonBytes = 0

  constructor(shape: BlockShape) {
    this.shape = shape
  }

  get isFull(): boolean {
    return this.numUnits + this.jsonBytes + (this.keys + this.numCells + this.values) * 8 >= TARGET_BYTES
  }

  addString(units: Uint16Array, from: number, to: number): void {
    const end = this.numUnits + to - from
    if (end > this.units.length) this.units = grown(this.units, end)
    let bits = this.unitBits
    for (let i = from, at = this.numUnits; i < to; i++, at++) {
      const unit = units[i]!
      this.units[at] = unit
      bits |= unit
    }
    this.unitBits = bits
    this.numUnits = end
    if (this.keys === this.keyEnds.length) this.keyEnds = grown(this.keyEnds)
    this.keyEnds[this.keys] = end
    this.startKey()
  }

  addText(key: string): void {
    const end = this.numUnits + key.length
    if (end > this.units.length) this.units = grown(this.units, end)
    for (let i = 0, at = this.numUnits; i < key.length; i++, at++) {
      const unit = key.charCodeAt(i)
      this.units[at] = unit
      this.unitBits |= unit
    }
    this.numUnits = end
    if (this.keys === this.keyEnds.length) this.keyEnds = grown(this.keyEnds)
    this.keyEnds[this.keys] = end
    this.startKey()
  }

  addNumber(key: number): void {
    if (this.keys === this.keyNumbers.length) this.keyNumbers = grown(this.keyNumbers)
    this.keyNumbers[this.keys] = key
    this.startKey()
  }

  /** Adds one cell of a value; call it `cells` times for each. */
  addCell(cell: number): void {
    if (this.numCells === this.cells.length) this.cells = grown(this.cells)
    this.cells[this.numCells++] = cell
  }

  addJson(text: string): void {
    const most = this.jsonBytes + text.length * 3
    if (most > this.json.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.json.length * 2, most))
      this.json.copy(larger, 0, 0, this.jsonBytes)
      this.json = larger
    }
    this.jsonBytes += this.json.write(text, this.jsonBytes, 'utf8')
    if (this.values >= this.jsonEnds.length) this.jsonEnds = grown(this.jsonEnds)
    this.jsonEnds[this.values] = this.jsonBytes
  }

  /** Ends one value of the key that was added last. */
  endValue(): void {
    this.values++
    this.counts[this.keys - 1]!++
  }

  /** The bytes of the block; the builder is empty afterwards. */
  encode(): Uint8Array {
    const { key, value, cells, grouped } = this.shape
    const narrow = this.unitBits < 256
    const sections: Uint8Array[] = []
    if (key === 'number') sections.push(bytesOf(this.keyNumbers, this.keys))
    else {
      sections.push(bytesOf(this.keyEnds, this.keys))
      sections.push(narrow ? narrowed(this.units, this.numUnits) : bytesOf(this.units, this.numUnits))
    }
    if (grouped) sections.push(bytesOf(this.counts, this.keys))
    if (value === 'cells') sections.push(bytesOf(this.cells, this.numCells))
    else sections.push(bytesOf(this.jsonEnds, this.values), this.json.subarray(0, this.jsonBytes))
    const total = sections.reduce((sum, section) => sum + padded(section.length), HEADER_BYTES)
    const block = new Uint8Array(total)
    const keyKind = key === 'number' ? 'number' : narrow ? 'latin1' : 'utf16'
    const flags = [KEY_KINDS.indexOf(keyKind), value === 'cells' ? 0 : 1, cells, grouped ? 1 : 0]
    new Uint32Array(block.buffer, 0, 5).set([total, this.keys, this.values, this.numUnits, this.jsonBytes])
    block.set(flags, 20)
    let at = HEADER_BYTES
    for (const section of sections) {
      block.set(section, at)
      at += padded(section.length)
    }
    this.clear()
    return block
  }

  private startKey(): void {
    if (this.keys === this.counts.length) this.counts = grown(this.counts)
    this.counts[this.keys++] = 0
  }

  private clear(): void {
    this.keys = 0
    this.values = 0
    this.numUnits = 0
    this.unitBits = 0
    this.numCells = 0
    this.jsonBytes = 0
  }
}

export const padded = (bytes: number): number => (bytes + 7) & ~7

type Growable = Uint16Array | Uint32Array | Float64Array

function grown<A extends Growable>(array: A, atLeast = 0): A {
  const larger = new (array.constructor as new (length: number) => A)(Math.max(array.length * 2, atLeast))
  larger.set(array)
  return larger
}

const bytesOf = (array: Growable, count: number): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, count * array.BYTES_PER_ELEMENT)

const narrowed = (units: Uint16Array, count: number): Uint8Array => Uint8Array.from(units.subarray(0, count))
