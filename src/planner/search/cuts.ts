/** Every way to cut a layer: the values of all axes that its cost depends on. */
import type { ModelSpec } from '../model/model.ts'
import type { Dispatcher, Layout } from '../training/layout.ts'
import type { AxisValues } from './axis-values.ts'
import { divisorsOf } from './divisors.ts'
import type { Question, SearchProblem } from './problem.ts'
import type { Cut, DenseCut } from './stage-costs.ts'

export function denseCuts(problem: SearchProblem, values: AxisValues): readonly DenseCut[] {
  const cuts: DenseCut[] = []
  for (const tensor of values.tensor)
    for (const context of values.context)
      for (const contextMethod of contextMethods(problem, tensor, context))
        for (const sequenceParallel of sequenceParallels(problem, tensor, context))
          for (const microBatch of values.microBatch)
            cuts.push({ tensor, context, contextMethod, sequenceParallel, microBatch })
  return cuts
}

/** All ways to cut the experts beside it. */
export function expertCuts(problem: SearchProblem, values: AxisValues, dense: DenseCut): readonly Cut[] {
  const cuts: Cut[] = []
  for (const expert of values.expert)
    for (const expertTensor of expertTensors(problem, dense.tensor))
      for (const dispatcher of dispatchers(problem, expert, expertTensor))
        cuts.push({ ...dense, expert, expertTensor, dispatcher })
  return cuts
}

function expertTensors({ model, fixed }: SearchProblem, tensor: number): readonly number[] {
  if (fixed.expertTensor !== undefined) return [fixed.expertTensor]
  const experts = expertLayer(model)
  return experts ? divisorsOf(tensor).filter(degree => experts.ffn % degree === 0) : [tensor]
}

/** Whether a question leaves the cut in. */
export const isAsked = (cut: Partial<Cut>, { without }: Question): boolean =>
  without === undefined || CUT_AXES.every(axis => cut[axis] === undefined || cut[axis] !== without[axis])

const CUT_AXES = [
  'tensor',
  'context',
  'contextMethod',
  'sequenceParallel',
  'expert',
  'expertTensor',
  'dispatcher',
  'microBatch',
] as const

const expertLayer = (model: ModelSpec) => {
  const mlp = model.shapes.find(shape => shape.mlp?.kind === 'experts')?.mlp
  return mlp?.kind === 'experts' ? mlp : undefined
}

/** Ulysses gives every rank some heads of the whole sequence, so context ranks divide the heads of a tensor rank. */
function contextMethods(
  { model, abilities, fixed }: SearchProblem,
  tensor: number,
  context: number,
): readonly Layout['contextMethod'][] {
  if (context === 1) return [fixed.contextMethod ?? 'ring']
  const methods = fixed.contextMethod === undefined ? abilities.contextMethods : [fixed.contextMethod]
  return methods.filter(method => method === 'ring' || model.shapes.every(({ mixer }) => divides(mixer)))

  function divides(mixer: ModelSpec['shapes'][number]['mixer']): boolean {
    if (!mixer) return true
    const heads = mixer.kind === 'attention' ? Math.min(mixer.heads, Math.max(mixer.kvHeads, tensor)) : mixer.heads
    return (heads / tensor) % context === 0
  }
}

/** Nothing to choose without tensor ranks; experts among them need it (Megatron-LM refuses otherwise). */
function sequenceParallels(
  { model, fixed, workload }: SearchProblem,
  tensor: number,
  context: number,
): readonly boolean[] {
  if (fixed.sequenceParallel !== undefined) return [fixed.sequenceParallel]
  if (tensor === 1) return [false]
  const divides = (workload.sequence / context) % tensor === 0
  if (expertLayer(model)) return divides ? [true] : []
  return divides ? [true, false] : [false]
}

function dispatchers({ abilities, fixed }: SearchProblem, expert: number, expertTensor: number): readonly Dispatcher[] {
  if (fixed.dispatcher !== undefined) return [fixed.dispatcher]
  return expert * expertTensor === 1 || expert === 1 ? [abilities.dispatchers[0] ?? 'alltoall'] : abilities.dispatchers
}
