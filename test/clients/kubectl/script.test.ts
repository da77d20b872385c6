/**
 * kubectl as people use it, in six releases, each against an embedded cluster of its own: `script/*.txt` says what is typed and what must
 * appear. Steps of one release follow one another; the releases run side by side.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { EmbeddedCluster, repository } from '../../e2e/embedded-cluster.ts'
import { limitOf } from './limits.ts'
import { CAN_RUN, RELEASES } from './release.ts'
import { reportOf } from './report.ts'
import { Shell } from './shell.ts'
import { expectedOf, linesOf, matches, parseTranscript } from './transcript.ts'

const folder = join(import.meta.dirname, 'script')
const SCRIPT = readdirSync(folder)
  .sort()
  .flatMap(file => parseTranscript(readFileSync(join(folder, file), 'utf8')))

describe.skipIf(!CAN_RUN).concurrent.each(RELEASES)('kubectl %s', release => {
  let cluster: EmbeddedCluster
  let shell: Shell

  beforeAll(async () => {
    cluster = await EmbeddedCluster.up()
    shell = new Shell(release, join(cluster.state, 'kubeconfig'))
  })
  afterAll(async () => {
    shell?.close()
    await cluster?.down()
  })

  describe.sequential.each([...new Set(SCRIPT.map(({ section }) => section))])('%s', section => {
    for (const [index, step] of SCRIPT.filter(each => each.section === section).entries()) {
      const check = limitOf(step, release) ? test.fails : test
      check(`${index + 1}: ${step.command}`, async () => {
        const { output, code } = await shell.run(step.command)
        const [expected, lines] = [expectedOf(step, release), linesOf(output)]
        if (matches(expected, lines)) expect(code).toBe(step.exitCode)
        else expect(`${output}[${code}]`).toBe(`${expected.join('\n')}\n[${step.exitCode}]`)
      })
    }
  })
})

test('docs/kubectl.md says what was tested', async () => {
  expect(SCRIPT.length).toBeGreaterThanOrEqual(90)
  await expect(reportOf(SCRIPT, RELEASES)).toMatchFileSnapshot(join(repository, 'docs/kubectl.md'))
})
