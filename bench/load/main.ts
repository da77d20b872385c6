/**
 * The generator as a process of its own: the load as JSON in the first argument; `mark NAME [MS-SINCE-1970]` and `stop` as lines on standard
 * input; the report as the last line of standard output. By hand: `node scripts/run-ts.js bench/load/main.ts http://127.0.0.1:8080/ 500`.
 */
import { createInterface } from 'node:readline'
import { generateLoad } from './generate-load.ts'
import type { Load } from './load.ts'

const [first = '', rate] = process.argv.slice(2)
const isByHand = !first.startsWith('{')
const byHand = {
  urls: [first],
  keepAlive: true,
  seconds: 10,
  ...(rate ? { mode: 'open', ratePerSecond: Number(rate) } : { mode: 'closed' }),
}
const load = (isByHand ? byHand : JSON.parse(first)) as Load

const running = generateLoad(load)
const lines = createInterface({ input: process.stdin })
lines.on('line', line => {
  const [verb, name = '', at] = line.split(' ')
  if (verb === 'mark') running.mark(name, at === undefined ? undefined : Number(at))
  if (verb === 'stop') running.stop()
})
const report = await running.finished
process.stdout.write(`${JSON.stringify(report, undefined, isByHand ? 2 : undefined)}\n`)
process.exit(0)
