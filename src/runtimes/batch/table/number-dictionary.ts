/** Numbers (and booleans, as 0 and 1) to dense ids; the twin of `string-dictionary.ts`. -0 is 0. */
import type { BlockBuilder } from '../shuffle/block-builder.ts'
import { type Dictionary, type DictionaryLimit, mix } from './dictionary.ts'

const float = new Float64Array(1)
const words = new Int32Array(float.buffer)

export class NumberDictionary implements Dictionary {
  readonly kind = 'number'
  count = 0
  isFull = false
  hashes = new Int32Array(1 << 12)
  private keys = new Float64Array(1 << 12)
  private slots = new Int32Array(1 << 13).fill(-1)
  private readonly limit: DictionaryLimit

  constructor(limit: DictionaryLimit) {
    this.limit = limit
  }

  idOf(key: number): number {
    float[0] = key + 0
    const hash = mix(words[0]! ^ Math.imul(words[1]!, 0x9e3779b1))
    const { slots, keys } = this
    const mask = slots.length - 1
    let slot = hash & mask
    for (let id = slots[slot]!; id >= 0; id = slots[slot]!) {
      if (keys[id] === key) return id
      slot = (slot + 1) & mask
    }
    const id = this.count++
    slots[slot] = id
    keys[id] = key + 0
    this.hashes[id] = hash
    if (this.count === keys.length) this.grow()
    if (this.count >= this.limit.keys) this.isFull = true
    return id
  }

  compare(a: number, b: number): number {
    return this.keys[a]! - this.keys[b]!
  }

  keyOf(id: number): number {
    return this.keys[id]!
  }

  appendTo(block: BlockBuilder, id: number): void {
    block.addNumber(this.keys[id]!)
  }

  clear(): void {
    this.count = 0
    this.isFull = false
    this.slots.fill(-1)
  }

  private grow(): void {
    const capacity = this.keys.length * 2
    const keys = new Float64Array(capacity)
    keys.set(this.keys)
    const hashes = new Int32Array(capacity)
    hashes.set(this.hashes)
    this.keys = keys
    this.hashes = hashes
    this.slots = new Int32Array(capacity * 2).fill(-1)
    const mask = this.slots.length - 1
    for (let id = 0; id < this.count; id++) {
      let slot = hashes[id]! & mask
      while (this.slots[slot]! >= 0) slot = (slot + 1) & mask
      this.slots[slot] = id
    }
  }
}
