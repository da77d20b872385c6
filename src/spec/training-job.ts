/** The stored form of a TrainingJob: what is trained, on what, and what is fixed of how. */
import type { Condition, KubeObject } from '../kube/object.ts'
import type { FleetSpec } from './fleet.ts'
import type { API_VERSION, CodeRef, Resources } from './parts.ts'

/** Megatron's degrees. ranks = data x context x tensor x pipeline; expert is carved out of data x context x tensor. */
export interface Parallelism {
  readonly data?: number
  readonly context?: number
  readonly tensor?: number
  readonly pipeline?: number
  readonly expert?: number
  /** Tensor degree inside an expert; `tensor` unless given. */
  readonly expertTensor?: number
}

/** A Hugging Face config.json, or the numbers that make a model; `declaredModel` of the planner reads the same names. */
export interface TrainingModel {
  /** `file` as the user wrote it (an absolute URI once resolved), `config` what it holds: the command line puts it there. */
  readonly huggingface?: { readonly file?: string; readonly config?: Readonly<Record<string, unknown>> }
  readonly name?: string
  readonly layers?: number
  readonly hidden?: number
  readonly heads?: number
  readonly kvHeads?: number
  readonly headDim?: number
  readonly latent?: {
    readonly qRank?: number
    readonly kvRank: number
    readonly nopeDim: number
    readonly ropeDim: number
    readonly valueDim: number
  }
  readonly ffn?: number
  readonly vocab?: number
  readonly experts?: number
  readonly topK?: number
  readonly expertFfn?: number
  readonly sharedFfn?: number
  readonly denseLayers?: number
  readonly expertEvery?: number
  readonly gated?: boolean
  readonly bias?: boolean
  readonly qkvBias?: boolean
  readonly qkNorm?: boolean
  readonly routerBias?: boolean
  readonly norm?: 'rms' | 'layer'
  readonly tiedEmbeddings?: boolean
  readonly learnedPositions?: number
  readonly mtpLayers?: number
  readonly window?: number
  readonly windowEvery?: number
}

export interface TrainingData {
  /** Tokens. */
  readonly sequenceLength: number
  /** Sequences of one step. */
  readonly globalBatch: number
  /** Of the whole training. */
  readonly tokens?: number
}

/** What the layers' matrix products are computed in; the rest of the model stays in bf16, or in what is named where that is wider. */
export type PrecisionName = 'fp32' | 'fp16' | 'bf16' | 'fp8' | 'fp8-block' | 'mxfp8' | 'nvfp4'

/** Changes of the result that the planner may make to be faster. */
export type Allowance = 'tokenDropping' | 'batchChange'

export type ScheduleName = 'gpipe' | '1f1b' | 'interleaved' | 'zb-h1' | 'zb-h2' | 'zbv' | 'dualpipe' | 'dualpipev'

export interface TrainingJobSpec {
  /** `{}` is `auto`. With a model what is absent is planned, without one it is 1. */
  readonly parallelism: Parallelism
  /** `command`: any program. `node`: a TypeScript or JavaScript program, bundled into the code ConfigMap. Exactly one. */
  readonly framework: {
    readonly command?: readonly string[]
    readonly node?: { readonly script: string; readonly args?: readonly string[] }
  }
  readonly model?: TrainingModel
  readonly data?: TrainingData
  /** Absent: discovered from the cluster's nodes. `name`: a Fleet object of the namespace. */
  readonly fleet?: FleetSpec & { readonly name?: string }
  /** Those that may be chosen from; bf16 unless given. */
  readonly precision?: readonly PrecisionName[]
  readonly optimizer?: {
    readonly name?: 'adam' | 'adam-8bit' | 'adam-bf16' | 'muon' | 'sgd'
    readonly stateBytes?: number
  }
  readonly allow?: readonly Allowance[]
  /** Most loaded over mean expert; 1 unless given. */
  readonly expertImbalance?: number
  /** From here to `dispatcher`: given, it is kept; absent, it is planned. The names are those of the planner's `Layout`. */
  readonly microBatch?: number
  readonly schedule?: ScheduleName
  readonly chunks?: number
  readonly stages?: readonly number[]
  readonly sequenceParallel?: boolean
  readonly contextMethod?: 'ring' | 'ulysses'
  readonly zero?: 0 | 1 | 2 | 3
  readonly shardRanks?: number
  readonly recompute?: {
    readonly kind: 'none' | 'full' | 'modules'
    readonly layers?: number
    readonly modules?: readonly RecomputeModule[]
  }
  readonly offload?: 'none' | 'optimizer' | 'activations'
  readonly dispatcher?: 'allgather' | 'alltoall' | 'deepep' | 'hybridep'
  /** What will train: it decides what overlaps and what is fused. */
  readonly software?: { readonly family?: SoftwareFamily; readonly year?: number }
  /** Devices of a node: the ranks that one pod carries. */
  readonly ranksPerPod?: number
  /** How often a failed gang is started anew; 3 unless given. */
  readonly maxRestarts?: number
  readonly env?: Readonly<Record<string, string>>
  readonly workingDir?: string
  readonly code?: CodeRef
  readonly image?: string
  readonly resources?: Resources
  readonly ttlSecondsAfterFinished?: number
}

/** Megatron-Core's `--recompute-modules`. */
export type RecomputeModule = 'core_attn' | 'layernorm' | 'mlp' | 'moe' | 'moe_act' | 'mla_up_proj' | 'shared_experts'

export type SoftwareFamily =
  | 'megatron'
  | 'nemo'
  | 'torchtitan'
  | 'fsdp'
  | 'deepspeed'
  | 'llm-foundry'
  | 'solvent'
  | 'other'

export interface TrainingJobStatus {
  readonly phase?: 'Pending' | 'Running' | 'Restarting' | 'Succeeded' | 'Failed'
  readonly observedGeneration?: number
  readonly conditions?: readonly Condition[]
  readonly plan?: string
  /** Holds the plan as data; the condition Planned tells of which generation. */
  readonly planConfigMap?: string
  /** 0 for the first; the Job of attempt n is named `<name>-<n>`. */
  readonly attempt?: number
  readonly ranks?: number
  readonly startTime?: string
  readonly completionTime?: string
}

export interface TrainingJob extends KubeObject {
  readonly apiVersion: typeof API_VERSION
  readonly kind: 'TrainingJob'
  readonly spec: TrainingJobSpec
  readonly status?: TrainingJobStatus
}
