/** Every way to cut a layer: the values of all axes that its cost depends on. */
import type { ModelSpec } from '../model/model.ts'
import type { Dispatcher, Layout } from '../training/layout.ts'
import type { AxisValues } from './axis-values.ts'
import { divisorsOf } from './divisors.ts'
import type { Question, SearchProblem } from './problem.ts'
import type { Cut } from './stage-costs.ts'

export function cutsOf(problem: SearchProblem, values: AxisValues, { without = {} }: Question = {}): readonly Cut[] {
  const { model, fixed } = problem
  const cuts: Cut[] = []
  const experts = expertLayer(model)
  for (const tensor of values.tensor) {
    if (tensor === without.tensor) continue
    for (const context of values.context) {
      if (context === without.context) continue
      for (const contextMethod of contextMethods(problem, tensor, context)) {
        if (contextMethod === without.contextMethod) continue
        for (const sequenceParallel of sequenceParallels(problem, tensor, context)) {
          if (sequenceParallel === without.sequenceParallel) continue
          for (const expert of values.expert) {
            if (expert === without.expert) continue
            for (const expertTensor of expertTensors(problem, tensor)) {
              if (expertTensor === without.expertTensor) continue
              for (const dispatcher of dispatchers(problem, expert, expertTensor)) {
                if (dispatcher === without.dispatcher) continue
                for (const microBatch of values.microBatch) {
                  if (microBatch === without.microBatch) continue
                  cuts.push({
                    tensor,
                    context,
                    contextMethod,
                    sequenceParallel,
                    expert,
                    expertTensor,
                    dispatcher,
                    microBatch,
                  })
                }
              }
            }
          }
        }
      }
    }
  }
  return cuts

  function expertTensors(_problem: SearchProblem, tensor: number): readonly number[] {
    if (fixed.expertTensor !== undefined) return [fixed.expertTensor]
    if (!experts) return [tensor]
    return divisorsOf(tensor).filter(degree => experts.ffn % degree === 0)
  }
}

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
