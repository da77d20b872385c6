/** `--what-if`: what of a declaration changes. */
import { expect, test } from 'vitest'
import { formatProblem } from '../base/problem.ts'
import type { TrainingJob } from '../spec/training-job.ts'
import { changedJob } from './plan-changes.ts'
import { mixtralAnalysis } from './plan-page/testdata/mixtral-analysis.ts'

const job: TrainingJob = {
  apiVersion: 'solvent.dev/v1alpha1',
  kind: 'TrainingJob',
  metadata: { name: 'mixtral' },
  spec: {
    parallelism: { tensor: 4 },
    framework: { command: ['train'] },
    data: { sequenceLength: 4096, globalBatch: 1024 },
    fleet: { preset: 'h100x64' },
  },
}

const change = (changes: string): unknown => {
  const changed = changedJob(job, mixtralAnalysis.fleet, changes)
  return changed.ok ? changed.value.spec : changed.problems.map(formatProblem)
}

test.each<[string, object]>([
  ['nodes=+1', { fleet: { pools: [{ device: 'H100 SXM', nodes: 9, nicGigabitsPerSecond: 400 }] } }],
  ['network=2x', { fleet: { pools: [{ nodes: 8, nicGigabitsPerSecond: 800, memoryGibibytes: 80 }] } }],
  ['memory=141', { fleet: { pools: [{ memoryGibibytes: 141 }] } }],
  ['fleet=b200x64', { fleet: { preset: 'b200x64' } }],
  ['batch=2x, sequence=8192', { data: { sequenceLength: 8192, globalBatch: 2048 } }],
  ['precision=fp8', { precision: ['fp8'] }],
  [
    'pipeline=2,zero=3,sequenceParallel=false',
    { parallelism: { tensor: 4, pipeline: 2 }, zero: 3, sequenceParallel: false },
  ],
  ['recompute=full', { recompute: { kind: 'full' } }],
  ['recompute=moe_act+layernorm', { recompute: { kind: 'modules', modules: ['moe_act', 'layernorm'] } }],
])('%s', (changes, expected) => expect(change(changes)).toMatchObject(expected))

test('another device brings its own host', () => {
  expect(change('device=h200')).toMatchObject({ fleet: { pools: [{ device: 'h200', nodes: 8 }] } })
  expect(JSON.stringify(change('device=h200'))).not.toContain('memoryGibibytes')
})

test('all that is not understood is told', () => {
  expect(change('netwrok=2x,nodes=many')).toEqual([
    '--what-if knows no "netwrok". Did you mean "network"?',
    '--what-if nodes=many is not understood. Write nodes=+1.',
  ])
})
