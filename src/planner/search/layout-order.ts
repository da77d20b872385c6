/** Names and an order of layouts that depend on nothing but their values: ties between equally fast ones fall the same way everywhere. */
import type { Layout } from '../training/layout.ts'

export const layoutKey = (layout: Layout): string => fieldsOf(layout).join('/')

function fieldsOf(layout: Layout): readonly (string | number)[] {
  const { recompute } = layout
  const again =
    recompute.kind === 'none'
      ? 'none'
      : recompute.kind === 'full'
        ? `full${recompute.layers ?? ''}`
        : recompute.modules.join('+')
  return [
    layout.tensor,
    layout.pipeline,
    layout.context,
    layout.expert,
    layout.expertTensor,
    layout.data,
    layout.chunks,
    layout.microBatch,
    layout.zero,
    layout.shardRanks,
    layout.schedule,
    layout.sequenceParallel ? 1 : 0,
    layout.contextMethod,
    layout.dispatcher,
    layout.offload,
    again,
    layout.stages.join(),
  ]
}

/** Fewer and simpler cuts first. */
export function compareLayouts(a: Layout, b: Layout): number {
  const [x, y] = [fieldsOf(a), fieldsOf(b)]
  for (let i = 0; i < x.length; i++) {
    const [p, q] = [x[i]!, y[i]!]
    if (p === q) continue
    return p < q ? -1 : 1
  }
  return 0
}
