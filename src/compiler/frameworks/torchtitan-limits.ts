/** Plans that torchtitan cannot run, and the nearest one that it could. */
import type { Problem } from '../../base/problem.ts'
import { cannot, type EmissionInput } from './emission.ts'
import { titanModel } from './torchtitan-flavours.ts'

const RUNS: Readonly<Record<string, string | undefined>> = { 'zb-h2': 'zb-h1', dualpipe: 'dualpipev' }

export function titanProblems(input: EmissionInput): readonly Problem[] {
  const { layout, model } = input
  const found: Problem[] = []
  const add = (isWrong: boolean, field: string, what: string, why: string, fix: string): void => {
    if (isWrong) found.push(cannot(field, what, why, fix))
  }
  const { name, pipelines, isKnown } = titanModel(model)
  add(
    layout.pipeline > 1 && isKnown && !pipelines,
    'spec.parallelism.pipeline',
    `is ${layout.pipeline}`,
    `torchtitan does not cut its ${name} into stages`,
    'Use pipeline: 1.',
  )
  const near = RUNS[layout.schedule]
  add(
    layout.pipeline > 1 && near !== undefined,
    'spec.schedule',
    `is ${layout.schedule}`,
    'torch has no such schedule',
    `Use schedule: ${near}.`,
  )
  add(
    layout.zero === 1,
    'spec.zero',
    'is 1',
    'torchtitan shards parameters and gradients along with the optimizer',
    'Use zero: 2, which keeps parameters between forward and backward, or 3.',
  )
  add(
    layout.zero > 0 &&
      (layout.shardRanks % layout.context !== 0 || layout.data % (layout.shardRanks / layout.context) !== 0),
    'spec.shardRanks',
    `is ${layout.shardRanks}`,
    `torchtitan shards over all ${layout.context} context ranks and some data ranks`,
    `Use a multiple of ${layout.context} that divides ${layout.data * layout.context}.`,
  )
  add(
    layout.context > 1 && layout.contextMethod === 'ulysses',
    'spec.contextMethod',
    'is ulysses',
    'torchtitan cuts attention as a ring',
    'Use contextMethod: ring.',
  )
  add(
    layout.expert > 1 && layout.expertTensor !== 1 && layout.expertTensor !== layout.tensor,
    'spec.parallelism.expertTensor',
    `is ${layout.expertTensor}`,
    'torchtitan cuts experts as the other matrices, or not at all',
    `Use 1 or ${layout.tensor}.`,
  )
  add(
    layout.expert > 1 && layout.dispatcher !== 'alltoall' && layout.dispatcher !== 'deepep',
    'spec.dispatcher',
    `is ${layout.dispatcher}`,
    'torchtitan has alltoall and deepep',
    'Use dispatcher: alltoall.',
  )
  add(
    layout.offload === 'activations',
    'spec.offload',
    'is activations',
    'torchtitan offloads parameters and optimizer only',
    'Use offload: none.',
  )
  return found
}
