/** Plans that torchtitan cannot run, and the nearest one that it could. */
import type { Problem } from '../../base/problem.ts'
import { cannot, type EmissionInput } from './emission.ts'
import { titanModel } from './torchtitan-flavours.ts'

const RUNS: Readonly<Record<string, string | undefined>> = { 'zb-h2': 'zb-h1', dualpipe: 'dualpipev' }

/** Models whose flavours in 0.2 have flex attention. */
const FLEX_ONLY = ['deepseek_v3', 'gpt_oss']

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
  // DDP is for models that nothing else cuts; beside any other axis torchtitan shards (`parallelize.py` of each model).
  const isCut = layout.tensor * layout.context * layout.pipeline > 1 || layout.expert > 1
  add(
    layout.zero === 0 && layout.data > 1 && isCut,
    'spec.zero',
    'is 0',
    'torchtitan keeps whole copies only of models that no other axis cuts',
    'Use zero: 3.',
  )
  add(
    layout.expert > 1 &&
      layout.zero > 0 &&
      (layout.shardRanks * layout.tensor) % (layout.expert * layout.expertTensor) !== 0,
    'spec.shardRanks',
    `is ${layout.shardRanks}`,
    `torchtitan carves ${layout.expert} expert ranks out of the ranks that share one copy`,
    `Use ${layout.data * layout.context}.`,
  )
  add(
    layout.context > 1 && isKnown && FLEX_ONLY.includes(name),
    'spec.parallelism.context',
    `is ${layout.context}`,
    `torchtitan's ${name} has flex attention, which it does not cut`,
    'Use context: 1.',
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
