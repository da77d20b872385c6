/** Files of measured steps, and what is kept of them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { ownerOf, readMeasured, storedFactor, storeFactor } from './measured-steps.ts'
import { mixtralAnalysis } from './plan-page/testdata/mixtral-analysis.ts'

const folder = mkdtempSync(join(tmpdir(), 'measured-'))
afterAll(() => rmSync(folder, { recursive: true }))

function read(text: string): unknown {
  const file = join(folder, 'steps.json')
  writeFileSync(file, text)
  try {
    return readMeasured(file)
  } catch (error) {
    return (error as Error).message.replaceAll(folder, '')
  }
}

test.each<[string, unknown]>([
  ['{ "stepSeconds": 4.5 }', [{ stepSeconds: 4.5, spec: {} }]],
  [
    '[{ "step_time_s": 4.5, "parallelism": { "tensor": 8 }, "microBatch": 2 }]',
    [{ stepSeconds: 4.5, parallelism: { tensor: 8 }, spec: { microBatch: 2 } }],
  ],
  [
    '{ "stepSeconds": 4.5 }\n{ "stepSeconds": 4.6 }\n',
    [
      { stepSeconds: 4.5, spec: {} },
      { stepSeconds: 4.6, spec: {} },
    ],
  ],
  [
    '{ "stepSeconds": -1 }',
    '/steps.json: {"stepSeconds":-1} has no stepSeconds above 0. Write { "stepSeconds": 4.31 }',
  ],
  ['{ "stepSeconds": 4.5 }\n4.6 s', '/steps.json:2 is no JSON. Write one step a line: { "stepSeconds": 4.31 }'],
  ['', '/steps.json holds no measured step: { "stepSeconds": 4.31 }'],
])('%s', (text, expected) => expect(read(text)).toEqual(expected))

test('one factor for each kind of software on each device, until it is forgotten', () => {
  const owner = ownerOf(mixtralAnalysis)
  expect(owner).toBe('megatron on H100 SXM')
  const factor = { factor: 1.1, steps: 1, spread: 0.05, measured: [{ measuredSeconds: 4.7, predictedSeconds: 4.31 }] }
  storeFactor(folder, owner, factor)
  storeFactor(folder, 'torchtitan on B200', factor)
  expect(storedFactor(folder, owner)).toEqual(factor)
  storeFactor(folder, owner, undefined)
  expect(storedFactor(folder, owner)).toBeUndefined()
  expect(storedFactor(folder, 'torchtitan on B200')).toEqual(factor)
})
