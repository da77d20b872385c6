/** Seeded randomness with the few words that the makers of requests need: the same seed draws the same requests. */
export interface Random {
  /** In [0, 1). */
  next(): number
  below(limit: number): number
  one<T>(of: readonly T[]): T
  chance(probability: number): boolean
  text(most: number): string
}

/** Characters that parsers stumble over. */
const ALPHABET = [
  ...'abcxyzABC019-_./%&=?#:;,()[]{}<>!@$^*+~"\'\\| \t\n\r\0',
  'é',
  '\u202e',
  '😀',
  '\ud800',
  '%00',
  '%2f',
  '..',
]

export function randomOf(seed: number): Random {
  let state = seed >>> 0
  // mulberry32
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
  const below = (limit: number): number => Math.floor(next() * limit)
  const one = <T>(of: readonly T[]): T => of[below(of.length)] as T
  return {
    next,
    below,
    one,
    chance: probability => next() < probability,
    text: most => Array.from({ length: below(most + 1) }, () => one(ALPHABET)).join(''),
  }
}
