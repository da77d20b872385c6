/** The word count as people write it in plain Node: readline over a stream, a Map. Prints milliseconds since its process began. */
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { words } from '../batch/words.js'
import { printResult } from './result.mjs'

const counts = new Map()
const lines = createInterface({ input: createReadStream(process.argv[2]), crlfDelay: Number.POSITIVE_INFINITY })
for await (const line of lines) {
  for (const [word, count] of words(line)) counts.set(word, (counts.get(word) ?? 0) + count)
}
printResult(counts)
