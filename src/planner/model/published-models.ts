/** Models that everybody knows, as the fields of their published Hugging Face config.json that the planner reads: to begin with, to measure with. */

export interface PublishedModel {
  readonly name: string
  readonly title: string
  readonly config: Readonly<Record<string, unknown>>
}

const llama = (layers: number, hidden: number, ffn: number, heads: number) => ({
  model_type: 'llama',
  num_hidden_layers: layers,
  hidden_size: hidden,
  intermediate_size: ffn,
  num_attention_heads: heads,
  num_key_value_heads: 8,
  vocab_size: 128_256,
  tie_word_embeddings: false,
})

export const PUBLISHED_MODELS = [
  { name: 'llama-3.1-8b', title: 'Llama 3.1 8B', config: llama(32, 4096, 14_336, 32) },
  { name: 'llama-3.1-70b', title: 'Llama 3.1 70B', config: llama(80, 8192, 28_672, 64) },
  { name: 'llama-3.1-405b', title: 'Llama 3.1 405B', config: llama(126, 16_384, 53_248, 128) },
  {
    name: 'mixtral-8x7b',
    title: 'Mixtral 8x7B',
    config: {
      model_type: 'mixtral',
      num_hidden_layers: 32,
      hidden_size: 4096,
      intermediate_size: 14_336,
      num_attention_heads: 32,
      num_key_value_heads: 8,
      vocab_size: 32_000,
      num_local_experts: 8,
      num_experts_per_tok: 2,
      tie_word_embeddings: false,
    },
  },
  {
    name: 'qwen3-235b-a22b',
    title: 'Qwen3 235B-A22B',
    config: {
      model_type: 'qwen3_moe',
      num_hidden_layers: 94,
      hidden_size: 4096,
      intermediate_size: 12_288,
      moe_intermediate_size: 1536,
      num_attention_heads: 64,
      num_key_value_heads: 4,
      head_dim: 128,
      vocab_size: 151_936,
      num_experts: 128,
      num_experts_per_tok: 8,
      decoder_sparse_step: 1,
      mlp_only_layers: [],
      tie_word_embeddings: false,
    },
  },
  {
    name: 'deepseek-v3',
    title: 'DeepSeek-V3 671B',
    config: {
      model_type: 'deepseek_v3',
      num_hidden_layers: 61,
      hidden_size: 7168,
      intermediate_size: 18_432,
      moe_intermediate_size: 2048,
      num_attention_heads: 128,
      num_key_value_heads: 128,
      q_lora_rank: 1536,
      kv_lora_rank: 512,
      qk_nope_head_dim: 128,
      qk_rope_head_dim: 64,
      v_head_dim: 128,
      n_routed_experts: 256,
      n_shared_experts: 1,
      num_experts_per_tok: 8,
      n_group: 8,
      topk_group: 4,
      topk_method: 'noaux_tc',
      scoring_func: 'sigmoid',
      first_k_dense_replace: 3,
      moe_layer_freq: 1,
      vocab_size: 129_280,
      num_nextn_predict_layers: 1,
      tie_word_embeddings: false,
    },
  },
] as const satisfies readonly PublishedModel[]

export type PublishedName = (typeof PUBLISHED_MODELS)[number]['name']

export const publishedConfig = (name: PublishedName): PublishedModel['config'] =>
  PUBLISHED_MODELS.find(model => model.name === name)!.config
