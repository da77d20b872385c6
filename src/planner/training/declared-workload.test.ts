/** Precisions and optimizers by the names of a declaration. */
import { expect, test } from 'vitest'
import { formatProblem } from '../../base/problem.ts'
import type { TrainingJobSpec } from '../../spec/training-job.ts'
import { presetFleet } from '../fleet/preset.ts'
import { optimizerOf, precisionOf, workloadsOf } from './declared-workload.ts'

const DATA = { sequenceLength: 4096, globalBatch: 256 }
const spec = (given: Partial<TrainingJobSpec> = {}): TrainingJobSpec => ({
  parallelism: {},
  framework: { command: ['a'] },
  ...given,
})

function workloads(given: TrainingJobSpec, fleet = 'h100x8') {
  const found = workloadsOf(given, DATA, presetFleet(fleet))
  if (!found.ok) throw new Error(found.problems.map(formatProblem).join())
  return found.value
}

test('a declaration that says nothing means bf16 with Adam: twelve bytes a parameter', () => {
  expect(workloads(spec())).toEqual([
    {
      sequence: 4096,
      globalBatch: 256,
      precision: { gemm: 'bf16', base: 'bf16', gradientBytes: 4 },
      optimizer: { name: 'adam', stateBytes: 12 },
      expertImbalance: 1,
      causal: true,
    },
  ])
})

test('one workload a precision, in the order in which they are listed', () => {
  const listed = workloads(spec({ precision: ['fp8', 'mxfp8'], expertImbalance: 1.3 }), 'b200x8')
  expect(listed.map(({ precision }) => [precision.gemm, precision.base, precision.fp8Scaling])).toEqual([
    ['fp8', 'bf16', 'tensor'],
    ['mxfp8', 'bf16', 'mx'],
  ])
  expect(listed[0]!.expertImbalance).toBe(1.3)
})

test('fp32 parameters need no master copy, 8-bit states are six bytes, and what is stated counts', () => {
  expect(optimizerOf(undefined, precisionOf('fp32')).stateBytes).toBe(8)
  expect(optimizerOf({ name: 'adam-8bit' }, precisionOf('bf16')).stateBytes).toBe(6)
  expect(optimizerOf({ name: 'sgd', stateBytes: 0 }, precisionOf('bf16'))).toEqual({ name: 'sgd', stateBytes: 0 })
})

test('a device that has no bf16 trains in fp16, and a format that a device lacks is told with those that it has', () => {
  expect(workloads(spec(), 'v100x8')[0]!.precision.gemm).toBe('fp16')
  const refused = workloadsOf(spec({ precision: ['bf16', 'fp8'] }), DATA, presetFleet('a100x8'))
  expect(refused.ok ? [] : refused.problems.map(formatProblem)).toEqual([
    'spec.precision[1] is "fp8", but A100-80GB SXM has no fp8. Write fp32, fp16 or bf16.',
  ])
})
