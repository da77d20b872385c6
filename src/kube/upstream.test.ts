/** Strategic merge patch, server-side apply and protobuf bodies against what Kubernetes' own code answered (test/cluster makes the file). */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Recorded, sideBySide } from '../../test/cluster/judge/compare.ts'

const lines = readFileSync(join(import.meta.dirname, 'testdata/upstream.jsonl'), 'utf8')
  .trim()
  .split('\n')
const recorded = lines.map(line => JSON.parse(line) as Recorded)

test.each([
  ['patch', 80],
  ['apply', 50],
  ['protobuf', 72],
])('every recorded %s is answered as Kubernetes answers it', (kind, count) => {
  const cases = recorded.filter(each => each.kind === kind)
  expect(cases).toHaveLength(count)
  for (const each of cases) {
    const { upstream, ours } = sideBySide(each)
    expect(ours).toEqual(upstream)
  }
})
