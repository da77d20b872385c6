/**
 * One-knob truths (formulas.md 9; Megatron-Bridge's matched runs, pith-train #40, torchtitan's pages): what one change did to a run, as published,
 * and what the model says. The two async TP pairs are calibration rows (`asyncTensorHidden` is fitted to them and their like): no test of it. Of the others
 * no constant was fitted to, but two were read with these results in sight, as their comments say.
 */
import type { StepInput } from '../../../src/planner/cost/prediction.ts'
import { predictStep } from '../../../src/planner/cost/step/predict-step.ts'
import { readRow } from '../rows/read-row.ts'
import type { Row } from '../rows/row.ts'

export type Given = Partial<Omit<Row, 'model' | 'hardware'>> & Pick<Row, 'model' | 'hardware'>

export function inputOf(given: Given): StepInput {
  const row: Row = {
    id: 'given',
    source_group: 'test',
    seq: 4096,
    global_batch: 1,
    micro_batch: 1,
    zero_stage: 1,
    recompute: 'none',
    precision: 'bf16',
    sequence_parallel: true,
    flash_attention: true,
    ...given,
  }
  const read = readRow(row)
  if ('skipped' in read) throw new Error(read.skipped)
  return read.input
}

const LLAMA_70B = {
  name: 'llama3-70b',
  kind: 'dense',
  layers: 80,
  hidden: 8192,
  ffn_hidden: 28_672,
  heads: 64,
  kv_heads: 8,
  head_dim: 128,
  vocab: 128_256,
  tied_embeddings: false,
  activation: 'swiglu',
}
const QWEN_30B = {
  name: 'qwen3-30b-a3b',
  kind: 'moe',
  layers: 48,
  hidden: 2048,
  ffn_hidden: 768,
  heads: 32,
  kv_heads: 4,
  head_dim: 128,
  vocab: 151_936,
  experts: 128,
  topk: 8,
  moe_ffn_hidden: 768,
  activation: 'swiglu',
}
const MOONLIGHT_16B = {
  name: 'moonlight-16b',
  kind: 'moe',
  layers: 27,
  hidden: 2048,
  ffn_hidden: 11_264,
  heads: 16,
  kv_heads: 16,
  vocab: 163_840,
  experts: 64,
  topk: 6,
  shared_experts: 2,
  moe_ffn_hidden: 1408,
  moe_layer_pattern: 'first 1 layer dense',
  activation: 'swiglu',
  mla: { q_lora_rank: null, kv_lora_rank: 512, qk_nope_head_dim: 128, qk_rope_head_dim: 64, v_head_dim: 128 },
}
const h100 = (gpus: number) => ({ gpu: 'H100', gpus, gpus_per_node: 8 })

/** Llama 3 70B fine-tuning, FP8, 32 H100. */
export const SFT: Given = {
  model: LLAMA_70B,
  hardware: h100(32),
  global_batch: 32,
  tp: 4,
  pp: 4,
  vpp: 5,
  precision: 'fp8',
  software: 'NeMo Megatron-Bridge 26.02',
}
const MOONLIGHT: Given = {
  model: MOONLIGHT_16B,
  hardware: h100(8),
  global_batch: 4,
  tp: 2,
  ep: 8,
  etp: 1,
  software: 'Megatron-Bridge 2026, alltoall',
}
const EXPERTS: Given = {
  model: QWEN_30B,
  hardware: h100(16),
  global_batch: 1024,
  ep: 16,
  etp: 1,
  software: 'Megatron-Bridge 2026, alltoall',
}
/** Megatron-Bridge's card of offloading (2 nodes): 996 ms a step; the batch is not told: 20 is chosen because the model then takes as long (8 and
 * 32, tried before, give 8.3 and 2.3 instead of 3.1 for the whole), so these two test the added seconds, not the share. */
const OFFLOADED: Given = { ...EXPERTS, global_batch: 20, tp: 2, pp: 2, ep: 4 }
const LLAMA_405B: Given = {
  model: { ...LLAMA_70B, name: 'llama3.1-405b', layers: 126, hidden: 16_384, ffn_hidden: 53_248, heads: 128 },
  hardware: { ...h100(512), system: 'H100 96GB HBM2e 2.4 TB/s, 500 W cap' },
  seq: 8192,
  global_batch: 256,
  micro_batch: 4,
  tp: 8,
  pp: 8,
  vpp: 1,
  zero_stage: 3,
  fsdp: 'FSDP2',
  recompute: 'full',
  precision: 'fp8',
  software: 'torchtitan Dec 2024 compile async TP',
}
/** torchtitan's benchmark page of December 2024: 70B, 256 devices, fp8 and bf16. */
const TITAN_70B: Given = {
  ...LLAMA_405B,
  model: LLAMA_70B,
  hardware: { ...h100(256), system: 'H100 96GB HBM2e 2.4 TB/s, 500 W cap' },
  global_batch: 512,
  micro_batch: 16,
  pp: 1,
}
const SHARDED: Given = {
  model: QWEN_30B,
  hardware: h100(64),
  global_batch: 1024,
  pp: 4,
  ep: 8,
  etp: 1,
  zero_stage: 3,
  fsdp: 'FSDP2',
  software: 'torchtitan 2026',
}

const again = (modules: string): Partial<Given> => ({ recompute: 'selective', recompute_detail: modules })

export interface Knob {
  readonly name: string
  readonly given: Given
  readonly change: Partial<Given>
  /** Of the layout, where a row has no field for it. */
  readonly layout?: Partial<StepInput['layout']>
  /** `throughput` and `step`: relative change; `memory`: of allocated bytes of the fullest rank, 10^9 bytes or a share. */
  readonly of: 'throughput' | 'step' | 'gigabytes' | 'memory share'
  readonly published: number
}

export const KNOBS: readonly Knob[] = [
  { name: 'tensor 4 to 8, 70B', given: SFT, change: { tp: 8 }, of: 'throughput', published: -0.284 },
  { name: 'tensor 4 to 8, 70B', given: SFT, change: { tp: 8 }, of: 'gigabytes', published: -8.6 },
  { name: 'pipeline 4 to 8, 70B', given: SFT, change: { pp: 8 }, of: 'throughput', published: -0.059 },
  { name: 'pipeline 4 to 8, 70B', given: SFT, change: { pp: 8 }, of: 'gigabytes', published: -5.6 },
  { name: 'recompute mlp, 70B', given: SFT, change: again('mlp'), of: 'throughput', published: -0.16 },
  { name: 'recompute mlp, 70B', given: SFT, change: again('mlp'), of: 'gigabytes', published: -3 },
  {
    name: 'recompute core_attn, Moonlight',
    given: MOONLIGHT,
    change: again('core_attn'),
    of: 'step',
    published: 0.039,
  },
  {
    name: 'recompute core_attn, Moonlight',
    given: MOONLIGHT,
    change: again('core_attn'),
    of: 'memory share',
    published: 0,
  },
  {
    name: 'recompute mla_up_proj, Moonlight',
    given: MOONLIGHT,
    change: again('mla_up_proj'),
    of: 'step',
    published: 0.052,
  },
  { name: 'recompute moe_act, Moonlight', given: MOONLIGHT, change: again('moe_act'), of: 'step', published: 0.02 },
  {
    name: 'recompute moe_act, Moonlight',
    given: MOONLIGHT,
    change: again('moe_act'),
    of: 'memory share',
    published: -0.019,
  },
  {
    name: 'recompute layernorm + moe_act, Moonlight',
    given: MOONLIGHT,
    change: again('layernorm, moe_act'),
    of: 'step',
    published: 0.108,
  },
  {
    // The page captures router and preprocessing in CUDA graphs; the model knows only graphs of everything (without them it says -8.8 %).
    name: 'expert overlap, HybridEP',
    given: { ...EXPERTS, software: 'Megatron-Bridge 2026, HybridEP, CUDA graphs of router and preprocessing' },
    change: { notes: 'ep overlap' },
    of: 'step',
    published: -0.151,
  },
  {
    name: 'expert overlap, all-to-all',
    given: EXPERTS,
    change: { notes: 'ep overlap' },
    of: 'throughput',
    published: 0.317,
  },
  {
    name: 'delayed weight gradients on top',
    given: { ...EXPERTS, notes: 'ep overlap' },
    change: { notes: 'ep overlap, delay wgrad' },
    of: 'step',
    published: 0,
  },
  {
    name: 'a quarter of the optimizer offloaded',
    given: OFFLOADED,
    change: {},
    layout: { offload: 'optimizer', offloadShare: 0.25 },
    of: 'step',
    published: 0.9,
  },
  {
    name: 'the whole optimizer offloaded',
    given: OFFLOADED,
    change: {},
    layout: { offload: 'optimizer' },
    of: 'step',
    published: 3.2,
  },
  {
    name: 'HSDP instead of FSDP, 64 devices',
    given: SHARDED,
    change: { shard_group: 8 },
    of: 'throughput',
    published: 0.34,
  },
  {
    name: 'interleaved instead of 1F1B, 405B',
    given: LLAMA_405B,
    change: { vpp: 2 },
    of: 'throughput',
    published: 0.28,
  },
  {
    name: 'async TP, 70B fp8',
    given: { ...TITAN_70B, software: 'torchtitan Dec 2024 compile vanilla TP' },
    change: { software: 'torchtitan Dec 2024 compile async TP' },
    of: 'throughput',
    published: 0.057,
  },
  {
    name: 'async TP, 70B bf16',
    given: {
      ...TITAN_70B,
      precision: 'bf16',
      software: 'torchtitan Jun 2025 compile, vanilla TP',
    },
    change: { software: 'torchtitan Jun 2025 compile, async TP' },
    of: 'throughput',
    published: 0.09,
  },
]

const fullest = (input: StepInput): number =>
  Math.max(...predictStep(input).stages.map(({ memory }) => memory.allocated))

/** What the model says of it. */
export function predictedOf({ given, change, layout, of }: Knob): number {
  const before = inputOf(given)
  const plain = inputOf({ ...given, ...change })
  const after = { ...plain, layout: { ...plain.layout, ...layout } }
  switch (of) {
    case 'throughput':
      return predictStep(before).seconds / predictStep(after).seconds - 1
    case 'step':
      return predictStep(after).seconds / predictStep(before).seconds - 1
    case 'gigabytes':
      return (fullest(after) - fullest(before)) / 1e9
    case 'memory share':
      return fullest(after) / fullest(before) - 1
  }
}

/** Changes published as none are none below this. */
const NOTHING = 0.01

export interface KnobAnswer {
  readonly knob: Knob
  readonly predicted: number
  readonly hasSign: boolean
  /** Within a third of the published change. */
  readonly hasSize: boolean
}

export const knobAnswers = (): readonly KnobAnswer[] =>
  KNOBS.map(knob => {
    const predicted = predictedOf(knob)
    const { published } = knob
    const isNone = published === 0
    return {
      knob,
      predicted,
      hasSign: isNone ? Math.abs(predicted) < NOTHING : Math.sign(predicted) === Math.sign(published),
      hasSize: isNone ? Math.abs(predicted) < NOTHING : Math.abs(predicted - published) <= Math.abs(published) / 3,
    }
  })

export function knobTable(answers: readonly KnobAnswer[]): string {
  const lines = answers.map(({ knob: { name, of, published }, predicted, hasSign, hasSize }) => {
    const shown = (value: number): string => (of === 'gigabytes' ? value : 100 * value).toFixed(1).padStart(9)
    const unit = of === 'gigabytes' ? 'GB' : `${of}, %`
    const verdict = hasSize ? '' : hasSign ? 'size off' : 'wrong sign'
    return `${name.padEnd(44)} ${unit.padEnd(16)} ${shown(predicted)} ${shown(published)}  ${verdict}`
  })
  return [`${'one knob'.padEnd(61)} predicted published`, ...lines].join('\n')
}
