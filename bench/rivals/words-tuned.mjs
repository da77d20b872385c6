/** The same with care: large chunks, lines by indexOf. */
import { createReadStream } from 'node:fs'
import { words } from '../batch/words.js'
import { printResult } from './result.mjs'

const counts = new Map()
const countLine = line => {
  for (const [word, count] of words(line)) counts.set(word, (counts.get(word) ?? 0) + count)
}
let rest = ''
for await (const chunk of createReadStream(process.argv[2], { highWaterMark: 1 << 20, encoding: 'utf8' })) {
  const text = rest + chunk
  let start = 0
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
    countLine(text.slice(start, end))
    start = end + 1
  }
  rest = text.slice(start)
}
if (rest !== '') countLine(rest)
printResult(counts)
