/** Time of each virtual stage for one micro-batch: its layers, embedding and head, and what FSDP gathers for it. */
import type { LayerCut } from '../../model/cut.ts'
import { layerParameters } from '../../model/weights.ts'
import { embeddingParameters } from '../../model/parameters.ts'
import type { StepInput } from '../prediction.ts'
import { collectiveSeconds } from '../collectives/collective-seconds.ts'
import { smoothMaximum } from './host-time.ts'
import { extraTimes, type LayerQuestion, layerTimes, type PassTimes } from './layer-times.ts'
import type { Links } from './links.ts'
import { addParts, noParts, totalOf } from './parts.ts'
import type { Prices } from './price-operators.ts'

export interface StageTimes extends PassTimes {
  /** Parameters of this stage on one rank: dense (over the data axis), and routed experts. */
  readonly dense: number
  readonly experts: number
}

export function cutOf({ layout, workload }: StepInput): LayerCut {
  return {
    tensor: layout.tensor,
    context: layout.context,
    expert: layout.expert,
    expertTensor: layout.expertTensor,
    sequenceParallel: layout.sequenceParallel,
    tokens: (layout.microBatch * workload.sequence) / layout.context,
    sequence: workload.sequence,
    contextMethod: layout.contextMethod,
  }
}

export function stageTimes(input: StepInput, links: Links, prices: Prices): readonly StageTimes[] {
  const { model, layout, software } = input
  const cut = cutOf(input)
  const question: LayerQuestion = { model, cut, recompute: layout.recompute, dispatcher: layout.dispatcher, links, prices, software }
  const byShape = model.shapes.map(shape => sharded(layerTimes(shape, question), shape, input, links, prices))
  const limited = layout.recompute.kind === 'full' && layout.recompute.layers !== undefined
  const plain = limited
    ? model.shapes.map(shape => sharded(layerTimes(shape, { ...question, recompute: { kind: 'none' } }), shape, input, links, prices))
    : byShape
  const replayed = layout.recompute.kind === 'full' ? (layout.recompute.layers ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY
  const perShape = model.shapes.map(shape => layerParameters(shape, model, cut))
  const extras = extraTimes(question)
  const vocabulary = embeddingParameters(model) / layout.tensor
  let layer = 0
  return layout.stages.map((count, stage) => {
    const forward = noParts()
    const backward = noParts()
    let dense = 0
    let experts = 0
    for (let i = 0; i < count; i++, layer++) {
      const shape = model.layers[layer]!
      const times = i < replayed ? byShape[shape]! : plain[shape]!
      addParts(forward, times.forward)
      addParts(backward, times.backward)
      dense += perShape[shape]!.tensorSharded + perShape[shape]!.replicated
      experts += perShape[shape]!.experts
    }
    const isFirst = stage === 0
    const isLast = stage === layout.stages.length - 1
    if (isFirst) {
      addParts(forward, extras.embedding.forward)
      addParts(backward, extras.embedding.backward)
      dense += vocabulary
    }
    if (isLast) {
      addParts(forward, extras.head.forward)
      addParts(backward, extras.head.backward)
      if (!(isFirst && model.tiedEmbeddings)) dense += vocabulary
    }
    return { forward, backward, dense, experts }
  })
}

/**
 * FSDP: the next layer's parameters arrive while this one computes, its gradients leave while the one before computes. A layer takes the
 * longer of the two, and the collective's processors and bandwidth are missing in the compute beside it.
 */
function sharded(
  times: PassTimes,
  shape: LayerQuestion['model']['shapes'][number],
  input: StepInput,
  links: Links,
  prices: Prices,
): PassTimes {
  const { layout, model, workload, software } = input
  if (layout.zero < 2 || links.shard.size === 1) return times
  const elements = layerParameters(shape, model, layout)
  const parameters = elements.tensorSharded + elements.replicated + elements.experts
  const time = (op: 'all-gather' | 'reduce-scatter' | 'all-reduce', bytes: number, span: Links['shard']): number =>
    collectiveSeconds(op, bytes, span, links.pool, links.fleet).seconds
  const gather = time('all-gather', parameters * (workload.precision.fp8Parameters ? 1 : 2), links.shard)
  const reduce =
    time('reduce-scatter', parameters * workload.precision.gradientBytes, links.shard) +
    time('all-reduce', (parameters * workload.precision.gradientBytes) / links.shard.size, links.replicas)
  const forward = addParts(noParts(), times.forward)
  const backward = addParts(noParts(), times.backward)
  const overlapped = software.features.overlapParameters
  const meet = (parts: typeof forward, communication: number): void => {
    const compute = totalOf(parts)
    const slowed = compute + prices.constants.contention * Math.min(communication, compute)
    parts.dataComm += (overlapped ? smoothMaximum(slowed, communication) : compute + communication) - compute
  }
  meet(forward, gather)
  meet(backward, reduce + (layout.zero === 3 ? gather : 0))
  return { forward, backward }
}
