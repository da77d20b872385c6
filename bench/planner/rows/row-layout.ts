/** Layout and workload of a row. Degrees that a page leaves out are 1, the data degree is what the device count leaves, and micro-batches follow from the global batch. */

import type { NumberFormat } from '../../../src/planner/fleet/device.ts'
import { shapeProblem } from '../../../src/planner/schedule/shape.ts'
import type { Layout, Precision, Recompute, RecomputeModule, Workload } from '../../../src/planner/training/layout.ts'
import type { Row } from './row.ts'
import { familyOf } from './row-software.ts'

/**
 * Layers of the stages when a page does not tell: equal where they divide; else embedding and head count as a layer each, as Megatron-Core
 * does with `account_for_embedding_in_pipeline_split`; what is left over goes to the stages in the middle.
 */
export function evenStages(layers: number, numStages: number): readonly number[] {
  const sizes = (total: number): number[] => Array.from({ length: numStages }, () => total / numStages)
  if (numStages === 1) return [layers]
  if (layers % numStages === 0) return sizes(layers)
  if ((layers + 2) % numStages === 0) {
    const stages = sizes(layers + 2)
    stages[0]!--
    stages[numStages - 1]!--
    return stages
  }
  if ((layers + 1) % numStages === 0) {
    const stages = sizes(layers + 1)
    stages[numStages - 1]!--
    return stages
  }
  const stages = Array.from({ length: numStages }, () => Math.floor(layers / numStages))
  for (let left = layers % numStages, at = 1; left > 0; left--, at++) stages[at % numStages]!++
  return stages
}

const MODULES: readonly (readonly [RegExp, RecomputeModule])[] = [
  [/core[_ ]att/i, 'core_attn'],
  [/\b(layer)?norm/i, 'layernorm'],
  [/\bmoe_act|(^|[ ,])act\b/i, 'moe_act'],
  [/mla_up/i, 'mla_up_proj'],
  [/shared_expert/i, 'shared_experts'],
  [/(^|[ ,])mlp\b/i, 'mlp'],
  [/(^|[ ,])moe\b/i, 'moe'],
]

export function recomputeOf(row: Row): Recompute {
  if (row.recompute === 'full') return { kind: 'full' }
  if (row.recompute !== 'selective') return { kind: 'none' }
  const detail = row.recompute_detail ?? ''
  // Every second layer wholly (torchtitan's "layer AC" of 2024, and fms-fsdp's fraction).
  if (/selective layer/i.test(detail)) return { kind: 'full', layers: Math.floor(row.model.layers! / 2) }
  const named = MODULES.filter(([pattern]) => pattern.test(detail)).map(([, module]) => module)
  if (named.length > 0) return { kind: 'modules', modules: named }
  const replayed = replayedShare(row)
  if (replayed !== undefined) return { kind: 'full', layers: Math.round(replayed * row.model.layers!) }
  // torchtitan's per-operator choice keeps every second GEMM and the attention, and computes the rest again.
  if (['torchtitan', 'fsdp'].includes(familyOf(row))) return { kind: 'modules', modules: ['layernorm', 'mlp'] }
  return { kind: 'modules', modules: ['core_attn'] }
}

/** Pages that give model and hardware utilisation tell with it how much of the forward runs twice: HFU / MFU = 1 + share / 3. */
function replayedShare(row: Row): number | undefined {
  const { mfu, hfu } = row.measured ?? {}
  if (!mfu || !hfu) return undefined
  return Math.min(1, Math.max(0, 3 * (hfu / mfu - 1)))
}

export function precisionOf(row: Row): Precision {
  const text = `${row.precision ?? ''} ${row.precision_detail ?? ''}`
  const format = (row.precision ?? 'bf16').toLowerCase()
  const gemm: NumberFormat = /nvfp4|fp4/.test(format)
    ? 'nvfp4'
    : /mxfp8/.test(format)
      ? 'mxfp8'
      : /fp8/.test(format)
        ? 'fp8'
        : format === 'fp16'
          ? 'fp16'
          : 'bf16'
  const family = familyOf(row)
  return {
    gemm,
    base: gemm === 'fp16' ? 'fp16' : 'bf16',
    ...(gemm === 'fp8' ? { fp8Scaling: /row|block|128/i.test(text) ? ('block' as const) : ('tensor' as const) } : {}),
    ...(gemm === 'mxfp8' ? { fp8Scaling: 'mx' as const } : {}),
    ...(/fp8 all-?gather|fp8 param/i.test(text) ? { fp8Parameters: true } : {}),
    gradientBytes:
      family === 'nemo' ||
      family === 'fsdp' ||
      /PURE|megatron-fsdp/.test(`${row.fsdp ?? ''} ${row.precision_detail ?? ''}`) ||
      gemm === 'fp16'
        ? 2
        : 4,
  }
}

export function workloadOf(row: Row): Workload {
  const eightBit = /8-?bit/i.test(`${row.notes ?? ''}`)
  return {
    sequence: row.seq!,
    globalBatch: row.global_batch!,
    precision: precisionOf(row),
    optimizer: eightBit ? { name: 'adam8bit', stateBytes: 6 } : { name: 'adam', stateBytes: 12 },
    expertImbalance: 1,
    causal: true,
  }
}

function zeroOf(row: Row): 0 | 1 | 2 | 3 {
  if (row.zero_stage !== null && row.zero_stage !== undefined)
    return Math.min(3, Math.max(0, row.zero_stage)) as 0 | 1 | 2 | 3
  if (row.fsdp) return 3
  return row.source_group === 'vtrain-single-node' ? 0 : 1
}

/** Micro-batch sizes in sequences; a `grad_accum` that contradicts the global batch yields to it (Grok proxies). */
export function microBatchOf(row: Row, data: number): number | undefined {
  if (row.micro_batch) return row.micro_batch
  if (row.grad_accum) return row.global_batch! / data / row.grad_accum
  return undefined
}

export function layoutOf(row: Row, data: number, microBatch: number): Layout {
  const tensor = row.tp ?? 1
  const pipeline = row.pp ?? 1
  const context = row.cp ?? 1
  const isMoe = (row.model.experts ?? 0) > 0
  const asked = pipeline > 1 ? chunksOf(row, pipeline) : 1
  const microBatches = Math.max(1, Math.round(row.global_batch! / (data * microBatch)))
  // A page may print a degree that its own schedule refuses; the run then had none.
  const isPossible = asked > 1 && !shapeProblem('interleaved', { pipeline, chunks: asked, microBatches })
  const chunks = isPossible ? asked : 1
  const zero = zeroOf(row)
  const text = `${row.software ?? ''} ${row.notes ?? ''}`
  return {
    data,
    context,
    tensor,
    pipeline,
    expert: isMoe ? (row.ep ?? statedExpert(row)) : 1,
    // Megatron's default is the tensor degree; where the page is silent and that many ranks do not exist, experts are whole.
    expertTensor: isMoe ? (row.etp ?? ((data * context) % (row.ep ?? 1) === 0 ? tensor : 1)) : 1,
    schedule: chunks > 1 ? 'interleaved' : '1f1b',
    chunks,
    stages: evenStages(row.model.layers!, pipeline * chunks),
    microBatch,
    sequenceParallel: tensor > 1 && (row.sequence_parallel ?? (isMoe || familyOf(row) === 'torchtitan')),
    // SimuMax's launcher leaves `--cp-comm-type` at all-to-all, and the published peaks agree (cost/memory/README.md).
    contextMethod: /ulysses|a2a context/i.test(text) || row.source_group === 'simumax-b200' ? 'ulysses' : 'ring',
    zero,
    shardRanks: zero === 0 ? 1 : (row.shard_group ?? data * context),
    recompute: recomputeOf(row),
    offload: 'none',
    dispatcher: /deepep/i.test(text)
      ? 'deepep'
      : /hybridep/i.test(text)
        ? 'hybridep'
        : /allgather dispatcher/i.test(text)
          ? 'allgather'
          : 'alltoall',
  }
}

/** A dispatcher is only there to send tokens to other ranks: within the node when the degree is not told. */
const statedExpert = (row: Row): number =>
  /deepep|hybridep/i.test(row.software ?? '') ? Math.min(8, row.hardware.gpus!) : 1

/** NeMo's recipes interleave; a page of theirs without the degree is read as the most chunks that divide (the releases before and after print them). */
function chunksOf(row: Row, pipeline: number): number {
  if (row.vpp) return row.vpp
  if (familyOf(row) !== 'nemo') return 1
  const perRank = row.model.layers! / pipeline
  if (!Number.isInteger(perRank)) return 1
  for (let chunks = Math.min(perRank, 12); chunks > 1; chunks--) if (perRank % chunks === 0) return chunks
  return 1
}
