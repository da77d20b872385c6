/** Declared degrees become ranks, pods and rank maps; auto is refused with what to declare. */
import { expect, test } from 'vitest'
import { formatProblem } from '../../base/problem.ts'
import type { TrainingJob, TrainingJobSpec } from '../../spec/kinds.ts'
import { describeTrainingPlan, summariseTrainingPlan } from '../explain/describe-training.ts'
import { planTraining } from './plan-training.ts'

const job = (parallelism: TrainingJobSpec['parallelism'], ranksPerPod?: number): TrainingJob => ({
  apiVersion: 'solvent.dev/v1alpha1',
  kind: 'TrainingJob',
  metadata: { name: 'mixtral' },
  spec: { parallelism, framework: { command: ['train'] }, ...(ranksPerPod === undefined ? {} : { ranksPerPod }) },
})

function plan(parallelism: TrainingJobSpec['parallelism'], ranksPerPod?: number) {
  const planned = planTraining(job(parallelism, ranksPerPod))
  if (!planned.ok) throw new Error(planned.problems.map(formatProblem).join('\n'))
  return planned.value
}

test('a mixture of experts on 64 ranks, as solvent plan shows it', () => {
  const planned = plan({ data: 8, tensor: 4, pipeline: 2, expert: 8, expertTensor: 1 }, 8)
  expect(describeTrainingPlan(planned)).toEqual([
    'TrainingJob mixtral',
    '  64 ranks in 8 pods: data 8 x tensor 4 x pipeline 2, expert 8',
    '',
    'Groups of dense parameters',
    '  tensor    16 groups  of 4  such as 0 1 2 3',
    '  context   64 groups  of 1  each rank alone',
    '  data      8 groups   of 8  such as 0 4 8 12 16 20 24 28',
    '  pipeline  32 groups  of 2  such as 0 32',
    '',
    'Groups of expert parameters',
    '  expertTensor  64 groups  of 1  each rank alone',
    '  expert        8 groups   of 8  such as 0 1 2 3 4 5 6 7',
    '  expertData    16 groups  of 4  such as 0 8 16 24',
    '  pipeline      32 groups  of 2  such as 0 32',
    '',
    'Strategy',
    '  ranks = 64                               data 8 x context 1 x tensor 4 x pipeline 2',
    '  context = 1                              not declared, and not chosen by the planner yet',
    '  expert = 8                               carved out of the 32 ranks of a stage: expertTensor 1 x expert 8 x 4 copies of each expert',
    '  pods = 8                                 8 ranks a pod, as declared',
    '  order = tensor, context, data, pipeline  neighbouring ranks share the fastest links, and tensor groups talk most',
  ])
})

test('a dense job says nothing of experts', () => {
  const planned = plan({ data: 16, context: 1, tensor: 1, pipeline: 1 })
  expect(planned).toMatchObject({ ranks: 16, pods: 16, ranksPerPod: 1, degrees: { expert: 1, expertTensor: 1 } })
  expect(summariseTrainingPlan(planned)).toBe('16 ranks in 16 pods: data 16')
  expect(describeTrainingPlan(planned)).toEqual([
    'TrainingJob mixtral',
    '  16 ranks in 16 pods: data 16',
    '',
    'Groups of dense parameters',
    '  tensor    16 groups  of 1   each rank alone',
    '  context   16 groups  of 1   each rank alone',
    '  data      1 group    of 16  such as 0 1 2 3 … 15',
    '  pipeline  16 groups  of 1   each rank alone',
    '',
    'Strategy',
    '  ranks = 16                               data 16 x context 1 x tensor 1 x pipeline 1',
    '  pods = 16                                1 rank a pod, unless ranksPerPod is declared',
    '  order = tensor, context, data, pipeline  neighbouring ranks share the fastest links, and tensor groups talk most',
  ])
})

test('one rank is a plan too', () => expect(summariseTrainingPlan(plan({ data: 1 }))).toBe('1 rank in 1 pod'))

test('experts multiply nothing', () => {
  expect(plan({ data: 4, tensor: 2, expert: 4 }).ranks).toBe(plan({ data: 4, tensor: 2 }).ranks)
})

test('auto without a model says what to declare', () => {
  const planned = planTraining(job({}, 8))
  expect(planned.ok ? [] : planned.problems.map(formatProblem)).toEqual([
    'spec.parallelism is auto, but without a model there is nothing to choose by. Add model: { huggingface: ./config.json } and data: { sequenceLength: 4096, globalBatch: 1024 }, or declare degrees, such as parallelism: { data: 8 }.',
  ])
})
