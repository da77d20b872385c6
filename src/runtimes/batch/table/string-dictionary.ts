/**
 * Strings to dense ids 0, 1, 2, …: open addressing over UTF-16 code units in one typed array. No JavaScript string survives a lookup, so
 * neither the garbage collector nor the parent of a sliced string is kept busy; on word counts it is about twice as fast as a `Map`.
 */
import type { BlockBuilder } from '../shuffle/block-builder.ts'
import { type Dictionary, type DictionaryLimit, mix } from './dictionary.ts'

const FNV_OFFSET = 0x811c9dc5 | 0
const FNV_PRIME = 0x01000193

export class StringDictionary implements Dictionary {
  readonly kind = 'string'
  count = 0
  isFull = false
  hashes = new Int32Array(1 << 12)
  /** Key `id` is `units[starts[id]]` up to `starts[id + 1]`. */
  private starts = new Uint32Array((1 << 12) + 1)
  private units = new Uint16Array(1 << 15)
  private slots = new Int32Array(1 << 13).fill(-1)
  private mask = (1 << 13) - 1
  private readonly limit: DictionaryLimit

  constructor(limit: DictionaryLimit) {
    this.limit = limit
  }

  idOf(key: string): number {
    const length = key.length
    let hash = FNV_OFFSET
    for (let i = 0; i < length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), FNV_PRIME)
    hash = mix(hash)
    const { slots, hashes, starts, units, mask } = this
    let slot = hash & mask
    for (let id = slots[slot]!; id >= 0; id = slots[slot]!) {
      if (hashes[id] === hash) {
        const start = starts[id]!
        if (starts[id + 1]! - start === length) {
          let i = 0
          while (i < length && units[start + i] === key.charCodeAt(i)) i++
          if (i === length) return id
        }
      }
      slot = (slot + 1) & mask
    }
    const end = this.reserve(length)
    for (let i = 0; i < length; i++) this.units[end + i] = key.charCodeAt(i)
    return this.insert(slot, hash, end + length)
  }

  /** The same for a key that lies in a block of a shuffle file. */
  idOfUnits(key: Uint16Array, from: number, to: number): number {
    const length = to - from
    let hash = FNV_OFFSET
    for (let i = from; i < to; i++) hash = Math.imul(hash ^ key[i]!, FNV_PRIME)
    hash = mix(hash)
    const { slots, hashes, starts, units, mask } = this
    let slot = hash & mask
    for (let id = slots[slot]!; id >= 0; id = slots[slot]!) {
      if (hashes[id] === hash) {
        const start = starts[id]!
        if (starts[id + 1]! - start === length) {
          let i = 0
          while (i < length && units[start + i] === key[from + i]) i++
          if (i === length) return id
        }
      }
      slot = (slot + 1) & mask
    }
    const end = this.reserve(length)
    for (let i = 0; i < length; i++) this.units[end + i] = key[from + i]!
    return this.insert(slot, hash, end + length)
  }

  /** By code units, as JavaScript's `<` orders strings. */
  compare(a: number, b: number): number {
    const { units, starts } = this
    const aStart = starts[a]!
    const bStart = starts[b]!
    const aLength = starts[a + 1]! - aStart
    const bLength = starts[b + 1]! - bStart
    const shared = Math.min(aLength, bLength)
    for (let i = 0; i < shared; i++) {
      const difference = units[aStart + i]! - units[bStart + i]!
      if (difference !== 0) return difference
    }
    return aLength - bLength
  }

  keyOf(id: number): string {
    return decodeUnits(this.units, this.starts[id]!, this.starts[id + 1]!)
  }

  appendTo(block: BlockBuilder, id: number): void {
    block.addString(this.units, this.starts[id]!, this.starts[id + 1]!)
  }

  clear(): void {
    this.count = 0
    this.isFull = false
    this.slots.fill(-1)
  }

  /** Makes room for one more key of `length` units; returns where it begins. */
  private reserve(length: number): number {
    const end = this.starts[this.count]!
    if (end + length > this.units.length) {
      const larger = new Uint16Array(Math.max(this.units.length * 2, end + length))
      larger.set(this.units)
      this.units = larger
    }
    return end
  }

  private insert(slot: number, hash: number, end: number): number {
    const id = this.count++
    this.slots[slot] = id
    this.hashes[id] = hash
    this.starts[id + 1] = end
    if (this.count === this.hashes.length) this.growIds()
    if (this.count >= this.limit.keys || end >= this.limit.units) this.isFull = true
    return id
  }

  private growIds(): void {
    const capacity = this.hashes.length * 2
    const hashes = new Int32Array(capacity)
    hashes.set(this.hashes)
    const starts = new Uint32Array(capacity + 1)
    starts.set(this.starts)
    this.hashes = hashes
    this.starts = starts
    // Half full at most: linear probing stays near one probe.
    this.mask = capacity * 2 - 1
    this.slots = new Int32Array(capacity * 2).fill(-1)
    for (let id = 0; id < this.count; id++) {
      let slot = hashes[id]! & this.mask
      while (this.slots[slot]! >= 0) slot = (slot + 1) & this.mask
      this.slots[slot] = id
    }
  }
}

const APPLY_LIMIT = 4096

/** Code units to a string, in steps that `String.fromCharCode` takes. */
export function decodeUnits(units: Uint16Array, from: number, to: number): string {
  if (to - from <= APPLY_LIMIT) return String.fromCharCode.apply(null, units.subarray(from, to) as unknown as number[])
  let text = ''
  for (let at = from; at < to; at += APPLY_LIMIT) text += decodeUnits(units, at, Math.min(to, at + APPLY_LIMIT))
  return text
}
