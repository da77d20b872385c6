/**
 * What a layer says to other ranks in one pass, as far as compute does not hide it. Volumes: formulas.md 3.5 and 6.
 * Legend: t tensor, c context degree, h hidden, K experts a token.
 */
import { expertRows, type LayerCut, localKvHeads, routedTokens } from '../../model/cut.ts'
import type { LayerShape, ModelSpec } from '../../model/model.ts'
import type { Dispatcher } from '../../training/layout.ts'
import type { CollectiveOp } from '../collectives/collective.ts'
import { collectiveSeconds } from '../collectives/collective-seconds.ts'
import { dispatchSeconds } from '../collectives/dispatch-seconds.ts'
import type { Links } from './links.ts'
import { noParts, type Parts } from './parts.ts'
import { elementBytesOf, type Prices } from './prices.ts'
import { stolen } from './stolen-processors.ts'

export interface Talk {
  readonly shape: LayerShape
  readonly model: ModelSpec
  readonly cut: LayerCut
  readonly direction: 'forward' | 'backward'
  readonly dispatcher: Dispatcher
  readonly links: Links
  readonly prices: Prices
  /** Device time of attention in this pass, which a ring hides behind. */
  readonly attentionTime: number
}

export interface LayerCommunication {
  readonly parts: Parts
  /** Collectives that the host starts. */
  readonly launches: number
}

export function layerCommunication(talk: Talk): LayerCommunication {
  const parts = noParts()
  const tensor = tensorExposed(talk)
  const context = contextExposed(talk)
  const expert = expertExposed(talk)
  parts.tensorComm = tensor.seconds
  parts.contextComm = context.seconds
  parts.expertComm = expert.seconds
  return { parts, launches: tensor.launches + context.launches + expert.launches }
}

interface Exposed {
  readonly seconds: number
  readonly launches: number
}

const NOTHING: Exposed = { seconds: 0, launches: 0 }

/** `bytes`: of elements of two bytes. */
function seconds({ links, prices }: Talk, op: CollectiveOp, bytes: number, span: Links['tensor']): number {
  return collectiveSeconds(op, (bytes * elementBytesOf(prices.precision)) / 2, span, links.pool, links.fleet).seconds
}

/**
 * Attention and feed-forward part each end in a sum over tensor ranks; with sequence parallelism it is a reduce-scatter, and a gather goes
 * before (with Megatron again in the backward pass, for the weight's gradient). Routed experts have none: tokens are there already.
 */
function tensorExposed(talk: Talk): Exposed {
  const { cut, shape, model, direction, links, prices } = talk
  if (cut.tensor === 1) return NOTHING
  const bytes = 2 * cut.tokens * model.hidden
  const isRouted = shape.mlp?.kind === 'experts' && shape.mlp.sharedFfn === 0
  const blocks = (shape.mixer ? 1 : 0) + (shape.mlp && !isRouted ? 1 : 0)
  const gathers = direction === 'backward' && prices.regathers ? 2 : 1
  const block = cut.sequenceParallel
    ? gathers * seconds(talk, 'all-gather', bytes * gatheredShare(prices), links.tensor) +
      seconds(talk, 'reduce-scatter', bytes, links.tensor)
    : seconds(talk, 'all-reduce', bytes, links.tensor)
  const hidden = tensorHidden(prices)
  const launches = blocks * (cut.sequenceParallel ? gathers + 1 : 1)
  const waiting = launches * prices.constants.skewSeconds
  return { seconds: (blocks * block + waiting) * (1 - hidden), launches }
}

/** torch's async TP fuses two patterns that its compiler finds; Transformer Engine's user buffers are written for each product. */
export const tensorHidden = ({ features, regathers, constants }: Prices): number =>
  features.overlapTensor ? (regathers ? constants.tensorHidden : constants.asyncTensorHidden) : 0

/** With one scale a tensor, what is cast can be gathered in 8 bits where gathering and product are one pipeline. */
export const gatheredShare = ({ precision, features }: Prices): number =>
  features.overlapTensor && precision.fp8Scaling === 'tensor' && precision.gemm === 'fp8' ? 0.5 : 1

/** Ring: keys and values (and back their gradients) go round while attention works on those that are here. Ulysses: exchanged before and after. */
function contextExposed(talk: Talk): Exposed {
  const { cut, shape, direction, links, prices, attentionTime } = talk
  const mixer = shape.mixer
  if (cut.context === 1 || !mixer || mixer.kind === 'stateSpace') return NOTHING
  const heads = mixer.heads / cut.tensor
  const keysAndValues =
    mixer.kind === 'attention'
      ? localKvHeads(mixer.kvHeads, cut.tensor) * mixer.headDim * 2
      : heads * (mixer.nopeDim + mixer.ropeDim + mixer.valueDim)
  if (cut.contextMethod === 'ulysses') {
    const queries = mixer.kind === 'attention' ? heads * mixer.headDim : keysAndValues / 2
    const bytes = 2 * cut.tokens * (2 * queries + keysAndValues)
    return { seconds: seconds(talk, 'all-to-all', bytes, links.context), launches: 4 }
  }
  const turns = (cut.context - 1) * (direction === 'forward' ? 1 : 2)
  const all = turns * seconds(talk, 'send', 2 * cut.tokens * keysAndValues, links.context)
  const hidden = Math.min(all, prices.constants.contextHidden * attentionTime)
  return { seconds: all - hidden + stolen('send', prices, links) * hidden, launches: turns }
}

/** To the experts and back; with a tensor degree of their own experts gather the tokens of its ranks and scatter the sums. */
function expertExposed(talk: Talk): Exposed {
  const { cut, shape, model, links, prices, dispatcher } = talk
  const mlp = shape.mlp
  if (mlp?.kind !== 'experts') return NOTHING
  let sum = 0
  let launches = 0
  if (cut.expert > 1) {
    const input = {
      tokens: routedTokens(cut),
      hidden: model.hidden,
      topK: mlp.topK,
      elementBytes: elementBytesOf(prices.precision),
      experts: mlp.experts,
      imbalance: prices.expertImbalance,
      ...(mlp.routing ? { routing: mlp.routing } : {}),
    }
    const way = dispatchSeconds(dispatcher, input, links.expert, links.pool, links.fleet)
    sum += way.dispatch + way.combine
    launches += 4
  }
  if (cut.expertTensor > 1) {
    const bytes = 2 * model.hidden * expertRows(mlp.topK, cut) * prices.expertImbalance
    sum +=
      seconds(talk, 'all-gather', bytes, links.expertTensor) +
      seconds(talk, 'reduce-scatter', bytes, links.expertTensor)
    launches += 2
  }
  const hidden = prices.features.overlapExpert ? prices.constants.expertHidden : 0
  return { seconds: (sum + (launches / 2) * prices.constants.skewSeconds) * (1 - hidden), launches }
}
