/** Keys to dense ids: what the string and the number dictionary share. */
import type { BlockBuilder } from '../shuffle/block-builder.ts'

export interface Dictionary {
  readonly kind: 'string' | 'number'
  readonly count: number
  /** The limit is reached: time to spill. */
  readonly isFull: boolean
  readonly hashes: Int32Array
  compare(a: number, b: number): number
  keyOf(id: number): string | number
  appendTo(block: BlockBuilder, id: number): void
  clear(): void
}

export interface DictionaryLimit {
  readonly keys: number
  readonly units: number
}

/** What a table may hold within `budgetBytes`; `cellBytes` are those of a key's partial result. */
export function limitWithin(budgetBytes: number, cellBytes: number): DictionaryLimit {
  // Per key: hash 4, start 4, slots 8; twice while a table grows. Half of the budget is for the keys' characters.
  return {
    keys: Math.max(1024, Math.floor(budgetBytes / 2 / (16 + cellBytes))),
    units: Math.max(1 << 16, Math.floor(budgetBytes / 2 / 2)),
  }
}

/** MurmurHash3's finaliser (Appleby): every bit of the input reaches every bit of the hash. */
export function mix(hash: number): number {
  let h = hash
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

/** By the upper bits: slots of a table use the lower ones, and keys of one partition must not crowd there. */
export const partitionOf = (hash: number, partitions: number): number =>
  Math.floor(((hash >>> 8) * partitions) / 0x1000000)
