/** client-go and controller-runtime, two lines of releases: the test programs in go/, which set-up.js built, against an embedded cluster. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { EmbeddedCluster, runProgram } from '../e2e/embedded-cluster.ts'
import { environmentOf, made, testNames } from './programs.ts'

const LINES = [
  { line: 'client-go 0.37, controller-runtime 0.25', program: 'go-clients' },
  { line: 'client-go 0.35, controller-runtime 0.23', program: 'older-clients' },
]

describe.each(LINES)('$line', ({ program }) => {
  const binary = made(program)
  let cluster: EmbeddedCluster
  beforeAll(async () => {
    if (binary) cluster = await EmbeddedCluster.up()
  })
  afterAll(() => cluster?.down())

  test.skipIf(!binary).each(testNames('go', '_test.go', /^func Test(\w+)/gm))('%s', async name => {
    const argv = [binary!, '-test.run', `^Test${name}$`, '-test.v', '-test.timeout', '90s']
    const { code, stdout, stderr } = await runProgram(argv, { env: environmentOf(cluster) })
    expect(`${code === 0 ? '' : `${stdout}${stderr}`}exit code ${code}`).toBe('exit code 0')
  })
})
