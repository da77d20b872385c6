/** Time of each virtual stage for one micro-batch: its layers, embedding and head, and what FSDP gathers for it. */

import type { LayerShape } from '../../model/model.ts'
import { embeddingParameters } from '../../model/parameters.ts'
import { layerParameters } from '../../model/weights.ts'
import type { Recompute } from '../../training/layout.ts'
import { keptBytes } from '../memory/activations.ts'
import { cutOf, kernelsFor, paddedVocab } from '../memory/working.ts'
import type { StepInput } from '../prediction.ts'
import { extraTimes, type LayerQuestion, layerTimes, type PassTimes } from './layer-times.ts'
import type { Links } from './links.ts'
import { withCopies } from './offload.ts'
import { addParts, noParts } from './parts.ts'
import type { Prices } from './prices.ts'
import { unitExchange, withExchange } from './unit-gather.ts'

export interface StageCost extends PassTimes {
  /** Parameters of this stage on one rank: dense (over the data axis), and routed experts. */
  readonly dense: number
  readonly experts: number
}

export function stageTimes(input: StepInput, links: Links, prices: Prices): readonly StageCost[] {
  const { model, layout, software } = input
  const cut = cutOf(layout, input.workload)
  const question: LayerQuestion = {
    model,
    cut,
    recompute: layout.recompute,
    dispatcher: layout.dispatcher,
    links,
    prices,
    software,
  }
  const perShape = model.shapes.map(shape => layerParameters(shape, model, cut))
  const kernels = kernelsFor(input)
  const offloaded = (shape: LayerShape, times: PassTimes, recompute: Recompute): PassTimes =>
    layout.offload === 'activations'
      ? withCopies(times, keptBytes(shape, model, cut, recompute, kernels), links.pool)
      : times
  const timed = (asked: LayerQuestion): readonly PassTimes[] =>
    model.shapes.map((shape, i) => {
      const { tensorSharded, replicated, experts } = perShape[i]!
      const exchange = unitExchange({ dense: tensorSharded + replicated, experts }, input, links, prices)
      return withExchange(offloaded(shape, layerTimes(shape, asked), asked.recompute), exchange, input, prices)
    })
  const byShape = timed(question)
  const limited = layout.recompute.kind === 'full' && layout.recompute.layers !== undefined
  const plain = limited ? timed({ ...question, recompute: { kind: 'none' } }) : byShape
  const replayed =
    layout.recompute.kind === 'full' ? (layout.recompute.layers ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY
  const extras = extraTimes(question)
  const vocabulary = embeddingParameters(model, paddedVocab(model, layout.tensor, software)) / layout.tensor
  // The first unit's parameters and the last one's gradients have nothing to hide behind.
  const edge = unitExchange({ dense: vocabulary, experts: 0 }, input, links, prices)
  const head = withExchange(extras.head, edge, input, prices)
  let layer = 0
  return layout.stages.map((count, stage) => {
    const forward = noParts()
    const backward = noParts()
    let weightSeconds = 0
    let dense = 0
    let experts = 0
    for (let i = 0; i < count; i++, layer++) {
      const shape = model.layers[layer]!
      const times = i < replayed ? byShape[shape]! : plain[shape]!
      addParts(forward, times.forward)
      addParts(backward, times.backward)
      weightSeconds += times.weightSeconds
      dense += perShape[shape]!.tensorSharded + perShape[shape]!.replicated
      experts += perShape[shape]!.experts
    }
    const isFirst = stage === 0
    const isLast = stage === layout.stages.length - 1
    if (isFirst) {
      addParts(forward, extras.embedding.forward)
      addParts(backward, extras.embedding.backward)
      forward.dataComm += edge.gather
      backward.dataComm += edge.reduce
      dense += vocabulary
    }
    if (isLast) {
      addParts(forward, head.forward)
      addParts(backward, head.backward)
      weightSeconds += head.weightSeconds
      if (!(isFirst && model.tiedEmbeddings)) dense += vocabulary
    }
    return { forward, backward, weightSeconds, dense, experts }
  })
}
