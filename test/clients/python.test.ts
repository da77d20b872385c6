/** Python's `kubernetes` against an embedded cluster: the functions of python/clients.py. */
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { EmbeddedCluster, runProgram } from '../e2e/embedded-cluster.ts'
import { environmentOf, made, testNames } from './programs.ts'

const environment = made('python/complete') && made('python')

describe.skipIf(!environment)('kubernetes of PyPI', () => {
  let cluster: EmbeddedCluster
  beforeAll(async () => {
    cluster = await EmbeddedCluster.up()
  })
  afterAll(() => cluster?.down())

  test.each(testNames('python', '.py', /^def test_(\w+)/gm))('%s', async name => {
    const argv = [
      'timeout',
      '90',
      join(environment!, 'bin/python'),
      join(import.meta.dirname, 'python/clients.py'),
      name,
    ]
    const { code, stderr } = await runProgram(argv, { env: environmentOf(cluster) })
    expect(`${stderr}exit code ${code}`).toBe('exit code 0')
  })
})
