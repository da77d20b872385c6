/** Models and fleets of the speed bars; the configs hold only what decides shapes. */
import type { Family } from '../../src/planner/cost/software.ts'

export interface SearchCase {
  readonly name: string
  readonly config: Readonly<Record<string, unknown>>
  readonly fleet: string
  readonly sequence: number
  readonly globalBatch: number
  readonly family: Family
}

const LLAMA_405B = {
  model_type: 'llama',
  hidden_size: 16384,
  intermediate_size: 53248,
  num_hidden_layers: 126,
  num_attention_heads: 128,
  num_key_value_heads: 8,
  vocab_size: 128256,
  tie_word_embeddings: false,
}

const DEEPSEEK_V3 = {
  model_type: 'deepseek_v3',
  hidden_size: 7168,
  intermediate_size: 18432,
  moe_intermediate_size: 2048,
  num_hidden_layers: 61,
  num_attention_heads: 128,
  num_key_value_heads: 128,
  q_lora_rank: 1536,
  kv_lora_rank: 512,
  qk_nope_head_dim: 128,
  qk_rope_head_dim: 64,
  v_head_dim: 128,
  n_routed_experts: 256,
  num_experts_per_tok: 8,
  n_shared_experts: 1,
  n_group: 8,
  topk_group: 4,
  first_k_dense_replace: 3,
  num_nextn_predict_layers: 1,
  topk_method: 'noaux_tc',
  scoring_func: 'sigmoid',
  vocab_size: 129280,
  tie_word_embeddings: false,
}

const MIXTRAL_8X7B = {
  model_type: 'mixtral',
  hidden_size: 4096,
  intermediate_size: 14336,
  num_hidden_layers: 32,
  num_attention_heads: 32,
  num_key_value_heads: 8,
  num_local_experts: 8,
  num_experts_per_tok: 2,
  vocab_size: 32000,
  tie_word_embeddings: false,
}

const LLAMA_8B = {
  model_type: 'llama',
  hidden_size: 4096,
  intermediate_size: 14336,
  num_hidden_layers: 32,
  num_attention_heads: 32,
  num_key_value_heads: 8,
  vocab_size: 128256,
  tie_word_embeddings: false,
}

export const CASES: readonly SearchCase[] = [
  { name: 'llama-8b', config: LLAMA_8B, fleet: 'h100x64', sequence: 8192, globalBatch: 512, family: 'torchtitan' },
  { name: 'mixtral', config: MIXTRAL_8X7B, fleet: 'h100x64', sequence: 4096, globalBatch: 1024, family: 'megatron' },
  {
    name: 'llama-405b',
    config: LLAMA_405B,
    fleet: 'h100x16384',
    sequence: 8192,
    globalBatch: 2048,
    family: 'megatron',
  },
  {
    name: 'deepseek-v3',
    config: DEEPSEEK_V3,
    fleet: 'h100x2048',
    sequence: 4096,
    globalBatch: 15360,
    family: 'megatron',
  },
]
