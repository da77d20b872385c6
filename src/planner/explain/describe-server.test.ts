/** What `solvent plan` says of a Server. */
import { expect, test } from 'vitest'
import type { ServerSpec } from '../../spec/kinds.ts'
import { describeServer } from './describe-server.ts'

const describe = (change: Partial<ServerSpec>): readonly string[] =>
  describeServer({
    apiVersion: 'solvent.dev/v1alpha1',
    kind: 'Server',
    metadata: { name: 'api' },
    spec: { run: { command: ['node', 'server.js'], port: 8080 }, ...change },
  })

test('a plain server', () => {
  expect(describe({})).toEqual(['Server api', '  run      node server.js', '  address  api:8080', '  copies   1'])
})

test('a server that will scale, with configuration', () => {
  expect(describe({ replicas: { min: 2, max: 10, targetCpu: 60 }, config: { A: '1', B: '2' } })).toEqual([
    'Server api',
    '  run      node server.js',
    '  address  api:8080',
    '  copies   2 to 10, at 60 % of its CPU each',
    '  config   2 variables: A, B',
  ])
  expect(describe({ replicas: { min: 2, max: 3 } })[3]).toBe('  copies   2 to 3, at 70 % of its CPU each')
})
