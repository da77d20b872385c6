import { expect, test } from 'vitest'
import { declaredModel } from './declared-model.ts'
import { readHuggingFace } from './hugging-face.ts'
import type { ModelSpec } from './model.ts'
import { parameters } from './parameters.ts'

type Config = Record<string, unknown>

const llama = (
  num_hidden_layers: number,
  hidden_size: number,
  intermediate_size: number,
  num_attention_heads: number,
  num_key_value_heads: number,
  vocab_size: number,
  more: Config = {},
): Config => ({
  model_type: 'llama',
  num_hidden_layers,
  hidden_size,
  intermediate_size,
  num_attention_heads,
  num_key_value_heads,
  vocab_size,
  ...more,
})

const qwen3Moe = (hidden_size: number, layers: number, heads: number, ffn: number): Config => ({
  ...llama(layers, hidden_size, 4 * hidden_size, heads, 4, 151936),
  model_type: 'qwen3_moe',
  head_dim: 128,
  moe_intermediate_size: ffn,
  num_experts: 128,
  num_experts_per_tok: 8,
})

const deepseek = (model_type: string, more: Config): Config => ({
  model_type,
  q_lora_rank: 1536,
  kv_lora_rank: 512,
  qk_rope_head_dim: 64,
  qk_nope_head_dim: 128,
  v_head_dim: 128,
  ...more,
})

/** Published counts where `origin` in testvectors.json says so, else its formula. */
const COUNTS: readonly { name: string; config: Config; total: number; active?: number }[] = [
  { name: 'Llama-2-7B', config: llama(32, 4096, 11008, 32, 32, 32000), total: 6738415616 },
  { name: 'Llama-2-13B', config: llama(40, 5120, 13824, 40, 40, 32000), total: 13015864320 },
  { name: 'Llama-2-70B', config: llama(80, 8192, 28672, 64, 8, 32000), total: 68976648192 },
  { name: 'Llama-3-8B', config: llama(32, 4096, 14336, 32, 8, 128256), total: 8030261248 },
  { name: 'Llama-3-70B', config: llama(80, 8192, 28672, 64, 8, 128256), total: 70553706496 },
  { name: 'Llama-3.1-405B', config: llama(126, 16384, 53248, 128, 8, 128256), total: 405853388800 },
  {
    name: 'Llama-3.2-1B',
    config: llama(16, 2048, 8192, 32, 8, 128256, { head_dim: 64, tie_word_embeddings: true }),
    total: 1235814400,
  },
  {
    name: 'Llama-3.2-3B',
    config: llama(28, 3072, 8192, 24, 8, 128256, { head_dim: 128, tie_word_embeddings: true }),
    total: 3212749824,
  },
  {
    name: 'Mistral-7B-v0.1',
    config: { ...llama(32, 4096, 14336, 32, 8, 32000), model_type: 'mistral', sliding_window: 4096 },
    total: 7241732096,
  },
  {
    name: 'Qwen2.5-7B',
    config: { ...llama(28, 3584, 18944, 28, 4, 152064), model_type: 'qwen2' },
    total: 7615616512,
  },
  {
    name: 'Qwen2.5-72B',
    config: { ...llama(80, 8192, 29568, 64, 8, 152064), model_type: 'qwen2' },
    total: 72706203648,
  },
  {
    name: 'Qwen3-8B',
    config: { ...llama(36, 4096, 12288, 32, 8, 151936, { head_dim: 128 }), model_type: 'qwen3' },
    total: 8190735360,
  },
  {
    name: 'Qwen3-32B',
    config: { ...llama(64, 5120, 25600, 64, 8, 151936, { head_dim: 128 }), model_type: 'qwen3' },
    total: 32762123264,
  },
  {
    name: 'Mixtral-8x7B',
    config: {
      ...llama(32, 4096, 14336, 32, 8, 32000),
      model_type: 'mixtral',
      num_local_experts: 8,
      num_experts_per_tok: 2,
    },
    total: 46702792704,
    active: 12879925248,
  },
  {
    name: 'Mixtral-8x22B',
    config: {
      ...llama(56, 6144, 16384, 48, 8, 32768),
      model_type: 'mixtral',
      num_local_experts: 8,
      num_experts_per_tok: 2,
    },
    total: 140630071296,
    active: 39161468928,
  },
  { name: 'Qwen3-30B-A3B', config: qwen3Moe(2048, 48, 32, 768), total: 30532122624, active: 3353032704 },
  { name: 'Qwen3-235B-A22B', config: qwen3Moe(4096, 94, 64, 1536), total: 235093634560, active: 22190763520 },
  {
    name: 'DeepSeek-V3',
    config: deepseek('deepseek_v3', {
      num_hidden_layers: 61,
      hidden_size: 7168,
      num_attention_heads: 128,
      intermediate_size: 18432,
      moe_intermediate_size: 2048,
      n_routed_experts: 256,
      num_experts_per_tok: 8,
      n_shared_experts: 1,
      first_k_dense_replace: 3,
      topk_method: 'noaux_tc',
      vocab_size: 129280,
      n_group: 8,
      topk_group: 4,
      num_nextn_predict_layers: 1,
    }),
    total: 671026419200,
    active: 37552297472,
  },
  {
    name: 'DeepSeek-V2',
    config: deepseek('deepseek_v2', {
      num_hidden_layers: 60,
      hidden_size: 5120,
      num_attention_heads: 128,
      intermediate_size: 12288,
      moe_intermediate_size: 1536,
      n_routed_experts: 160,
      num_experts_per_tok: 6,
      n_shared_experts: 2,
      first_k_dense_replace: 1,
      topk_method: 'group_limited_greedy',
      vocab_size: 102400,
    }),
    total: 235741434880,
    active: 21375800320,
  },
  {
    name: 'Kimi-K2',
    config: deepseek('kimi_k2', {
      num_hidden_layers: 61,
      hidden_size: 7168,
      num_attention_heads: 64,
      intermediate_size: 18432,
      moe_intermediate_size: 2048,
      n_routed_experts: 384,
      num_experts_per_tok: 8,
      n_shared_experts: 1,
      first_k_dense_replace: 1,
      topk_method: 'noaux_tc',
      vocab_size: 163840,
    }),
    total: 1026408232448,
    active: 32861500928,
  },
  {
    name: 'GPT-2 124M',
    config: { model_type: 'gpt2', n_layer: 12, n_embd: 768, n_head: 12, n_positions: 1024, vocab_size: 50257 },
    total: 124439808,
  },
  {
    name: 'gpt-oss-20b',
    config: {
      model_type: 'gpt_oss',
      num_hidden_layers: 24,
      hidden_size: 2880,
      intermediate_size: 2880,
      num_attention_heads: 64,
      num_key_value_heads: 8,
      head_dim: 64,
      vocab_size: 201088,
      num_local_experts: 32,
      num_experts_per_tok: 4,
      sliding_window: 128,
    },
    total: 20914757184,
  },
]

function read(config: Config, name: string): ModelSpec {
  const result = readHuggingFace(config, name)
  if (!result.ok) throw new Error(JSON.stringify(result.problems))
  return result.value
}

test.each(COUNTS)('$name has $total parameters', ({ config, name, total, active }) => {
  const count = parameters(read(config, name))
  expect(count.total).toBe(total)
  if (active !== undefined) expect(count.active).toBe(active)
})

/** Published counts of the models' safetensors (sum of all tensors). */
const MORE: readonly { name: string; config: Config; total: number }[] = [
  {
    name: 'DeepSeek-V2-Lite',
    config: deepseek('deepseek_v2', {
      q_lora_rank: null,
      num_hidden_layers: 27,
      hidden_size: 2048,
      num_attention_heads: 16,
      intermediate_size: 10944,
      moe_intermediate_size: 1408,
      n_routed_experts: 64,
      num_experts_per_tok: 6,
      n_shared_experts: 2,
      first_k_dense_replace: 1,
      topk_method: 'greedy',
      vocab_size: 102400,
    }),
    total: 15706484224,
  },
  {
    name: 'gemma-7b',
    config: { ...llama(28, 3072, 24576, 16, 16, 256000, { head_dim: 256 }), model_type: 'gemma' },
    total: 8537680896,
  },
  {
    name: 'gemma-2-9b',
    config: { ...llama(42, 3584, 14336, 16, 8, 256000, { head_dim: 256, sliding_window: 4096 }), model_type: 'gemma2' },
    total: 9241705984,
  },
  {
    name: 'gpt-neox-20b',
    config: {
      model_type: 'gpt_neox',
      num_hidden_layers: 44,
      hidden_size: 6144,
      intermediate_size: 24576,
      num_attention_heads: 64,
      vocab_size: 50432,
    },
    total: 20554567680,
  },
  {
    name: 'bloom',
    config: { model_type: 'bloom', n_layer: 70, n_embed: 14336, n_head: 112, vocab_size: 250880 },
    total: 176247271424,
  },
  {
    name: 'starcoder2-3b',
    config: { ...llama(30, 3072, 12288, 24, 2, 49152, { use_bias: true }), model_type: 'starcoder2' },
    total: 3030371328,
  },
  {
    name: 'Phi-3-mini',
    config: { ...llama(32, 3072, 8192, 32, 32, 32064), model_type: 'phi3' },
    total: 3821079552,
  },
  {
    name: 'gpt-oss-120b',
    config: {
      ...llama(36, 2880, 2880, 64, 8, 201088, { head_dim: 64, num_local_experts: 128, num_experts_per_tok: 4 }),
      model_type: 'gpt_oss',
    },
    total: 116829156672,
  },
  {
    name: 'Qwen1.5-MoE-A2.7B',
    config: {
      ...llama(24, 2048, 5632, 16, 16, 151936),
      model_type: 'qwen2_moe',
      moe_intermediate_size: 1408,
      shared_expert_intermediate_size: 5632,
      num_experts: 60,
      num_experts_per_tok: 4,
    },
    total: 14315784192,
  },
]

test.each(MORE)('$name has $total parameters', ({ config, name, total }) => {
  expect(parameters(read(config, name)).total).toBe(total)
})

test('declared numbers give the same model as a config', () => {
  const declared = declaredModel({
    layers: 32,
    hidden: 4096,
    heads: 32,
    kvHeads: 8,
    ffn: 14336,
    vocab: 32000,
    experts: 8,
    topK: 2,
    name: 'Mixtral',
  })
  if (!declared.ok) throw new Error('refused')
  expect(parameters(declared.value)).toEqual(parameters(read(COUNTS[13]!.config, 'Mixtral')))
})
