/** A layout in words that a person says: for the page of a plan, tables of alternatives, pictures. */
import { plural } from '../../base/units.ts'
import type { Degrees } from '../training/degrees.ts'
import type { Layout, Recompute, ScheduleName, Workload } from '../training/layout.ts'

const SCHEDULES: Readonly<Record<ScheduleName, string>> = {
  gpipe: 'GPipe',
  '1f1b': '1F1B',
  interleaved: 'interleaved 1F1B',
  'zb-h1': 'zero-bubble H1',
  'zb-h2': 'zero-bubble H2',
  zbv: 'zero-bubble V',
  dualpipe: 'DualPipe',
  dualpipev: 'DualPipeV',
}

/** `data 8 x tensor 4 x pipeline 2, expert 8`; axes of one rank are left out. */
export function degreesInWords({ data, context, tensor, pipeline, expert, expertTensor }: Degrees): string {
  const factors = Object.entries({ data, context, tensor, pipeline }).filter(([, size]) => size > 1)
  const product = factors.map(([axis, size]) => `${axis} ${size}`).join(' x ') || 'one rank'
  const carved = expert > 1 ? [`expert ${expert}${expertTensor > 1 ? ` of tensor ${expertTensor}` : ''}`] : []
  return [product, ...carved].join(', ')
}

export function recomputeInWords(recompute: Recompute): string {
  switch (recompute.kind) {
    case 'none':
      return 'nothing recomputed'
    case 'full':
      return recompute.layers === undefined
        ? 'all layers recomputed'
        : `${plural(recompute.layers, 'layer')} of each chunk recomputed`
    case 'modules':
      return `${recompute.modules.join(', ')} recomputed`
  }
}

export function shardingInWords({ zero, shardRanks, data, context }: Layout): string | undefined {
  if (data * context === 1) return undefined
  const copies = (data * context) / shardRanks
  if (zero === 0) return 'plain data parallel'
  const what = zero === 3 ? (copies > 1 ? 'HSDP' : 'FSDP') : `ZeRO-${zero}`
  return copies > 1 ? `${what} over ${shardRanks} ranks, ${copies} copies` : `${what} over ${shardRanks} ranks`
}

/** `1F1B over stages of 16 layers`, `interleaved 1F1B, 4 chunks of 5 layers a rank`; undefined without a pipeline. */
export function pipelineInWords({ schedule, pipeline, chunks, stages }: Layout): string | undefined {
  if (pipeline === 1) return undefined
  const layers = rangeInWords(stages)
  const pieces = chunks > 1 ? `${chunks} chunks of ${layers} a rank` : `stages of ${layers}`
  return `${SCHEDULES[schedule]}, ${pieces}`
}

function rangeInWords(stages: readonly number[]): string {
  const least = Math.min(...stages)
  const most = Math.max(...stages)
  return least === most ? plural(most, 'layer') : `${least} to ${most} layers`
}

/** Everything but the degrees, in the order in which a reader asks. */
export function choicesInWords(layout: Layout, workload: Workload): readonly string[] {
  const microBatches = workload.globalBatch / (layout.data * layout.microBatch)
  return [
    pipelineInWords(layout),
    `${plural(microBatches, 'micro-batch', 'micro-batches')} of ${layout.microBatch}`,
    shardingInWords(layout),
    recomputeInWords(layout.recompute),
    layout.sequenceParallel && layout.tensor > 1 ? 'sequence parallel' : undefined,
    layout.context > 1 ? `context by ${layout.contextMethod === 'ring' ? 'ring' : 'Ulysses'}` : undefined,
    layout.expert > 1 ? `tokens by ${DISPATCHERS[layout.dispatcher]}` : undefined,
    layout.offload === 'none' ? undefined : `${layout.offload} offloaded`,
  ].filter(words => words !== undefined)
}

const DISPATCHERS: Readonly<Record<Layout['dispatcher'], string>> = {
  allgather: 'all-gather',
  alltoall: 'all-to-all',
  deepep: 'DeepEP',
  hybridep: 'HybridEP',
}
