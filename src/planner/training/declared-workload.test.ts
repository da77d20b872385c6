/** Precisions and optimizers by the names of a declaration. */
import { expect, test } from 'vitest'
import type { TrainingJobSpec } from '../../spec/training-job.ts'
import { optimizerOf, precisionOf, workloadsOf } from './declared-workload.ts'

const DATA = { sequenceLength: 4096, globalBatch: 256 }
const spec = (given: Partial<TrainingJobSpec> = {}): TrainingJobSpec => ({
  parallelism: {},
  framework: { command: ['a'] },
  ...given,
})

test('a declaration that says nothing means bf16 with Adam: twelve bytes a parameter', () => {
  expect(workloadsOf(spec(), DATA)).toEqual([
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
  const workloads = workloadsOf(spec({ precision: ['fp8', 'mxfp8'], expertImbalance: 1.3 }), DATA)
  expect(workloads.map(({ precision }) => [precision.gemm, precision.base, precision.fp8Scaling])).toEqual([
    ['fp8', 'bf16', 'tensor'],
    ['mxfp8', 'bf16', 'mx'],
  ])
  expect(workloads[0]!.expertImbalance).toBe(1.3)
})

test('fp32 parameters need no master copy, 8-bit states are six bytes, and what is stated counts', () => {
  expect(optimizerOf(undefined, precisionOf('fp32')).stateBytes).toBe(8)
  expect(optimizerOf({ name: 'adam-8bit' }, precisionOf('bf16')).stateBytes).toBe(6)
  expect(optimizerOf({ name: 'sgd', stateBytes: 0 }, precisionOf('bf16'))).toEqual({ name: 'sgd', stateBytes: 0 })
})
