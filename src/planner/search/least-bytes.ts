/** Memory of a cut from below: one layer, wholly recomputed, and what it works with. */
import { headMemory, layerMemory } from '../cost/memory/layer-memory.ts'
import { reservedBytes } from '../cost/memory/reserved.ts'
import { kernelsFor } from '../cost/memory/working.ts'
import type { LayerCut } from '../model/cut.ts'
import type { Recompute } from '../training/layout.ts'
import type { CostInput } from './cost-input.ts'
import type { LeastBytes } from './stage-costs.ts'

const FULL: Recompute = { kind: 'full' }

export function leastBytes(cut: LayerCut, given: CostInput): LeastBytes {
  const { model, workload, software } = given
  const kernels = kernelsFor(given)
  const layers = model.shapes.map(shape => layerMemory(shape, model, cut, FULL, workload, kernels))
  const layer = Math.min(...layers.map(({ keptBytes, workingBytes }) => keptBytes + workingBytes))
  // The last rank has the head and the loss as well.
  const head = headMemory(model, cut, software, workload)
  return {
    anyRank: reservedBytes(Math.max(layer, head.keptBytes + head.workingBytes), software),
    working: reservedBytes(Math.min(...layers.map(({ workingBytes }) => workingBytes)), software),
  }
}
