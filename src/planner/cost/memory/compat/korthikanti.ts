/** Activations of a GPT by Table 2 of Korthikanti et al. (2205.05198): two bytes an element, dropout everywhere, no flash attention. */

export interface GptCut {
  readonly sequence: number
  readonly microBatch: number
  readonly hidden: number
  readonly heads: number
  readonly layers: number
  readonly tensor: number
  readonly pipeline: number
  readonly chunks: number
  readonly sequenceParallel: boolean
  readonly recompute: 'none' | 'selective' | 'full'
}

export function korthikantiLayerBytes(cut: GptCut): number {
  const { sequence, microBatch, hidden, heads, tensor, sequenceParallel, recompute } = cut
  const stream = sequence * microBatch * hidden
  if (recompute === 'full') return (2 * stream) / (sequenceParallel ? tensor : 1)
  const scores = recompute === 'none' ? (5 * heads * sequence) / hidden : 0
  return sequenceParallel ? (stream / tensor) * (34 + scores) : stream * (10 + 24 / tensor + scores / tensor)
}

/** The first stage holds as many micro-batches as there are stages, a little more when interleaved. */
export const korthikantiFirstStageBytes = (cut: GptCut): number =>
  korthikantiLayerBytes(cut) * cut.layers * (cut.chunks > 1 ? 1 + (cut.pipeline - 1) / (cut.pipeline * cut.chunks) : 1)
