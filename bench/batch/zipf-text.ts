/** Seeded text whose words follow Zipf's law: the same bytes on every machine, written once and kept in the temporary folder. */
import { closeSync, existsSync, openSync, renameSync, statSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const VOCABULARY = 200_000

/** Path of a text of at least `bytes` bytes (it ends with the line that reaches them). */
export function zipfText(bytes: number, seed = 42): string {
  const path = join(tmpdir(), `solvent-zipf-${seed}-${bytes}.txt`)
  if (existsSync(path) && statSync(path).size >= bytes) return path
  const draft = `${path}.${process.pid}`
  const file = openSync(draft, 'w')
  const random = mulberry32(seed)
  const words = Array.from({ length: VOCABULARY }, () => word(random))
  for (let written = 0; written < bytes; ) {
    let text = ''
    while (text.length < 1 << 18 && written + text.length < bytes) text += line(words, random)
    written += writeSync(file, text)
  }
  closeSync(file)
  renameSync(draft, path)
  return path
}

/** Mulberry32 (Tommy Ettinger, public domain), in [0, 1). */
function mulberry32(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

const word = (random: () => number): string =>
  Array.from({ length: 2 + Math.floor(random() * 10) }, () => String.fromCharCode(97 + Math.floor(random() * 26))).join(
    '',
  )

/** Rank r with probability proportional to 1/r: the exponential of a uniform number over the logarithm of the ranks. */
function line(words: readonly string[], random: () => number): string {
  const count = 5 + Math.floor(random() * 15)
  const logRanks = Math.log(words.length)
  const chosen = Array.from({ length: count }, () => words[Math.floor(Math.exp(random() * logRanks)) - 1])
  return `${chosen.join(' ')}\n`
}
