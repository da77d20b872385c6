/** A parallel strategy in full: everything that the search chooses or the user fixes. The legend of the papers' short names is in docs/parallelism.md. */
import type { NumberFormat } from '../fleet/device.ts'
import type { Degrees } from './degrees.ts'

export type ScheduleName = 'gpipe' | '1f1b' | 'interleaved' | 'zb-h1' | 'zb-h2' | 'zbv' | 'dualpipe' | 'dualpipev'

/** How tokens reach their experts: everybody gets all (and drops), or only those meant for him; the last two send one copy a node. */
export type Dispatcher = 'allgather' | 'alltoall' | 'deepep' | 'hybridep'

/** Modules whose activations are thrown away and computed again; the names are Megatron-Core's `--recompute-modules`. */
export type RecomputeModule = 'core_attn' | 'layernorm' | 'mlp' | 'moe' | 'moe_act' | 'mla_up_proj' | 'shared_experts'

export type Recompute =
  | { readonly kind: 'none' }
  /** `layers` of each chunk (all unless given) keep only their input. */
  | { readonly kind: 'full'; readonly layers?: number }
  | { readonly kind: 'modules'; readonly modules: readonly RecomputeModule[] }

export interface Layout extends Degrees {
  readonly schedule: ScheduleName
  /** Chunks of layers a pipeline rank holds; 1 without interleaving, 2 in V-shaped schedules. */
  readonly chunks: number
  /** Layers of each virtual stage in the order a micro-batch passes them; `pipeline x chunks` entries. Embedding and head come on top. */
  readonly stages: readonly number[]
  /** Sequences. */
  readonly microBatch: number
  readonly sequenceParallel: boolean
  readonly contextMethod: 'ring' | 'ulysses'
  /** What is sharded over `shardRanks`: 0 nothing, 1 optimizer states, 2 and gradients, 3 and parameters (FSDP). */
  readonly zero: 0 | 1 | 2 | 3
  /** Ranks that share one copy of what `zero` shards: data x context, or a divisor of it (HSDP; the copies all-reduce). */
  readonly shardRanks: number
  readonly recompute: Recompute
  readonly offload: 'none' | 'optimizer' | 'activations'
  /** Part of the optimizer's states that is offloaded; all unless given. */
  readonly offloadShare?: number
  readonly dispatcher: Dispatcher
}

/** What the result depends on: given, never chosen, unless the declaration lists several. */
export interface Workload {
  /** Tokens of a sequence. */
  readonly sequence: number
  /** Sequences of one step. */
  readonly globalBatch: number
  readonly precision: Precision
  readonly optimizer: Optimizer
  /** Most loaded over mean expert: 1 is balanced. */
  readonly expertImbalance: number
  /** Attention masks the future, and the kernel skips what is masked. */
  readonly causal: boolean
}

export interface Precision {
  /** Of the layers' GEMMs; attention, embedding and head stay in `base`. */
  readonly gemm: NumberFormat
  readonly base: 'bf16' | 'fp16' | 'fp32'
  /** `tensor`: one scale a tensor (delayed or current); `block`: DeepSeek's 1x128; `mx`: 1x32. */
  readonly fp8Scaling?: 'tensor' | 'block' | 'mx'
  /** Parameters are gathered in fp8 (FSDP, TE). */
  readonly fp8Parameters?: boolean
  readonly gradientBytes: 2 | 4
}

export interface Optimizer {
  readonly name: string
  /** Bytes a parameter of states and master copy: Adam in fp32 12 (master 4, two moments 8); 8-bit Adam 6; bf16 states less. */
  readonly stateBytes: number
}
