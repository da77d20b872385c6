/**
 * What a layer says to other ranks in one pass, as far as compute does not hide it. Volumes: formulas.md 3.5 and 6.
 * Legend: t tensor, c context degree, h hidden, K experts a token.
 */
import { expertRows, type LayerCut, localKvHeads, routedTokens } from '../../model/cut.ts'
import type { LayerShape, ModelSpec } from '../../model/model.ts'
import { type CollectiveOp, collectiveSeconds } from './collective-stand-in.ts'
import type { Links } from './links.ts'
import { noParts, type Parts } from './parts.ts'
import type { Prices } from './price-operators.ts'

export interface LayerCommunication {
  readonly parts: Parts
  /** Collectives that the host starts. */
  readonly launches: number
}

type Direction = 'forward' | 'backward'

export function layerCommunication(
  shape: LayerShape,
  model: ModelSpec,
  cut: LayerCut,
  direction: Direction,
  links: Links,
  prices: Prices,
  /** Device time of attention in this pass, which a ring hides behind. */
  attentionTime: number,
): LayerCommunication {
  const parts = noParts()
  let launches = 0
  const collective = (op: CollectiveOp, bytes: number, span: Links['tensor']): number => {
    if (span.size > 1) launches++
    return collectiveSeconds(op, bytes, span, links.pool, links.fleet).seconds
  }
  tensorParts()
  contextParts()
  expertParts()
  return { parts, launches }

  function tensorParts(): void {
    if (cut.tensor === 1) return
    const bytes = 2 * cut.tokens * model.hidden
    const sharded = shape.mlp?.kind === 'experts' && shape.mlp.sharedFfn === 0 ? 0 : 1
    const blocks = (shape.mixer ? 1 : 0) + (shape.mlp ? sharded : 0)
    const again = direction === 'backward' ? 1 : 0
    const block = cut.sequenceParallel
      ? (1 + again) * collective('all-gather', bytes, links.tensor) + collective('reduce-scatter', bytes, links.tensor)
      : collective('all-reduce', bytes, links.tensor)
    const hidden = prices.features.overlapTensor ? prices.constants.tensorHidden : 0
    // Gathering the input again for the weight gradient hides behind the input's gradient in every implementation.
    parts.tensorComm += blocks * block * (1 - hidden)
  }

  function contextParts(): void {
    if (cut.context === 1 || !shape.mixer || shape.mixer.kind === 'stateSpace') return
    const kv = shape.mixer.kind === 'attention'
      ? localKvHeads(shape.mixer.kvHeads, cut.tensor) * shape.mixer.headDim * 2
      : (shape.mixer.heads / cut.tensor) * (shape.mixer.nopeDim + shape.mixer.ropeDim + shape.mixer.valueDim)
    const visits = direction === 'forward' ? 1 : 2
    if (cut.contextMethod === 'ring') {
      const turn = collective('send', 2 * cut.tokens * kv, { ...links.context, size: 2 })
      const all = visits * (cut.context - 1) * turn
      const hidden = prices.constants.contextHidden * attentionTime
      parts.contextComm += Math.max(0, all - hidden) + 0.1 * Math.min(all, hidden)
      return
    }
    const queries = shape.mixer.kind === 'attention' ? (shape.mixer.heads / cut.tensor) * shape.mixer.headDim : kv / 2
    parts.contextComm += collective('all-to-all', 2 * cut.tokens * (2 * queries + kv), links.context)
  }

  function expertParts(): void {
    if (shape.mlp?.kind !== 'experts') return
    const { topK } = shape.mlp
    const hidden = prices.features.overlapExpert ? prices.constants.expertHidden : 0
    if (cut.expert > 1) {
      const bytes = 2 * model.hidden * routedTokens(cut) * topK * prices.expertImbalance
      parts.expertComm += 2 * collective('all-to-all', bytes, links.expert) * (1 - hidden)
    }
    if (cut.expertTensor > 1) {
      const bytes = 2 * model.hidden * expertRows(topK, cut) * prices.expertImbalance
      parts.expertComm +=
        (collective('all-gather', bytes, links.expertTensor) + collective('reduce-scatter', bytes, links.expertTensor)) * (1 - hidden)
    }
  }
}
