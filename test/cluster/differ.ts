/** `node scripts/run-ts.js test/cluster/differ.ts [FILTER]`: where our answers differ from the recorded ones, for whoever mends them. */
import { compareAnswers, type Mismatch } from './compare-answers.ts'
import { ourAnswers } from './our-answers.ts'
import { recordedAnswers } from './recorded.ts'

const filter = process.argv[2] ?? ''
const recorded = recordedAnswers().filter(answer => answer.of.slice(0, answer.of.indexOf('/')).includes(filter))
const { equal, unexplained, unused } = compareAnswers(recorded, await ourAnswers(filter))
const byRequest = new Map<string, Mismatch[]>()
for (const each of unexplained) byRequest.set(each.of, [...(byRequest.get(each.of) ?? []), each])
for (const [of, found] of byRequest) {
  console.log(of)
  // Where the answers are altogether different, what they say is enough.
  const isOther = found.some(({ path }) => path === 'code')
  for (const { path, upstream, ours } of found) {
    if (isOther && !/^(code|body|body\.message|body\.details)$/.test(path)) continue
    const shown = (value: unknown): string => (JSON.stringify(value) ?? 'absent').slice(0, 700)
    console.log(`    ${path}\n      upstream ${shown(upstream)}\n      ours     ${shown(ours)}`)
  }
}
if (filter === '') for (const { of, path } of unused) console.log(`unused: ${of} ${path ?? ''}`)
console.log(`${recorded.length} requests, ${equal} equal, ${byRequest.size} differ without a reason`)
