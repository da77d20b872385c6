/** Readers of families with experts. */
import { modelOf } from '../layer-list.ts'
import type { ExpertMlp, LatentAttention, LayerShape, ModelSpec } from '../model.ts'
import { attentionOf, denseOf, layersOf, outsideOf, type Reader, windowsOf, withWindow } from './dense.ts'
import type { Fields } from './fields.ts'

function expertsOf(f: Fields, differs: Partial<ExpertMlp> = {}): ExpertMlp {
  return {
    kind: 'experts',
    experts: f.count('num_experts', 'num_local_experts', 'n_routed_experts'),
    topK: f.count('num_experts_per_tok', 'num_experts_per_token', 'experts_per_token'),
    ffn: f.count('moe_intermediate_size', 'intermediate_size'),
    gated: true,
    bias: false,
    routerBias: false,
    sharedFfn: 0,
    sharedGate: false,
    ...differs,
  }
}

/** Layer by layer: experts where `hasExperts`, else the dense part. */
function mixed(
  f: Fields,
  name: string,
  mixer: (layer: number) => NonNullable<LayerShape['mixer']>,
  experts: ExpertMlp,
  hasExperts: (layer: number) => boolean,
  differs: Partial<ModelSpec> = {},
): ModelSpec {
  const count = layersOf(f)
  const needsDense = Array.from({ length: count }, (_, layer) => hasExperts(layer)).includes(false)
  const dense = needsDense
    ? denseOf(f, f.has('intermediate_size_mlp') ? { ffn: f.count('intermediate_size_mlp') } : {})
    : undefined
  const layers = Array.from(
    { length: count },
    (_, layer): LayerShape => ({
      mixer: mixer(layer),
      mlp: hasExperts(layer) || dense === undefined ? experts : dense,
      extraNorms: 0,
    }),
  )
  return modelOf({ ...outsideOf(f, name), ...differs }, layers)
}

const mixtral: Reader = (f, name) => {
  const windows = windowsOf(f, layersOf(f), () => true)
  const attention = attentionOf(f)
  return mixed(
    f,
    name,
    layer => withWindow(attention, windows[layer]),
    expertsOf(f),
    () => true,
  )
}

/** Every `decoder_sparse_step`-th layer has experts, but for those in `mlp_only_layers`. */
function qwenHasExperts(f: Fields): (layer: number) => boolean {
  const step = f.countOr(1, 'decoder_sparse_step')
  const dense = f.list('mlp_only_layers') ?? []
  return layer => step > 0 && (layer + 1) % step === 0 && !dense.includes(layer)
}

const qwen2Moe: Reader = (f, name) => {
  const attention = attentionOf(f, { qkvBias: f.flag('qkv_bias', true) })
  const sharedFfn = f.countOr(0, 'shared_expert_intermediate_size')
  return mixed(f, name, () => attention, expertsOf(f, { sharedFfn, sharedGate: sharedFfn > 0 }), qwenHasExperts(f))
}

const qwen3Moe: Reader = (f, name) => {
  const attention = attentionOf(f, { qkNorm: true })
  return mixed(f, name, () => attention, expertsOf(f), qwenHasExperts(f))
}

function latentOf(f: Fields): LatentAttention {
  const qRank = f.countOr(0, 'q_lora_rank')
  return {
    kind: 'latent',
    heads: f.count('num_attention_heads'),
    ...(qRank > 0 ? { qRank } : {}),
    kvRank: f.count('kv_lora_rank'),
    nopeDim: f.count('qk_nope_head_dim'),
    ropeDim: f.count('qk_rope_head_dim'),
    valueDim: f.count('v_head_dim'),
  }
}

/** First layers dense, then experts; shared ones are as wide as routed ones. */
function deepseekExperts(f: Fields, routerBias: boolean): ExpertMlp {
  const groups = f.countOr(1, 'n_group')
  return expertsOf(f, {
    routerBias,
    sharedFfn: f.countOr(0, 'n_shared_experts') * f.count('moe_intermediate_size'),
    ...(groups > 1 ? { routing: { groups, limit: f.countOr(groups, 'topk_group') } } : {}),
  })
}

const deepseek =
  (routerBias: boolean): Reader =>
  (f, name) => {
    const latent = latentOf(f)
    const first = f.countOr(0, 'first_k_dense_replace')
    const every = f.countOr(1, 'moe_layer_freq')
    return mixed(
      f,
      name,
      () => latent,
      deepseekExperts(f, f.text('topk_method') === 'noaux_tc' || (routerBias && !f.has('topk_method'))),
      layer => layer >= first && layer % Math.max(1, every) === 0,
      { mtpLayers: f.countOr(0, 'num_nextn_predict_layers') },
    )
  }

/** DeepSeek's layout with grouped-query attention. */
const glm4Moe: Reader = (f, name) => {
  const attention = attentionOf(f, { outBias: false, qkNorm: f.flag('use_qk_norm', false) })
  const first = f.countOr(0, 'first_k_dense_replace')
  return mixed(
    f,
    name,
    () => attention,
    deepseekExperts(f, true),
    layer => layer >= first,
    {
      mtpLayers: f.countOr(0, 'num_nextn_predict_layers'),
    },
  )
}

/** Biases everywhere, a sink a head, every second layer slides. */
const gptOss: Reader = (f, name) => {
  const windows = windowsOf(f, layersOf(f), layer => layer % 2 === 0)
  const bias = f.flag('attention_bias', true)
  const attention = attentionOf(f, { qkvBias: bias, outBias: bias, sinks: true })
  const experts = expertsOf(f, { bias: true, routerBias: true })
  return mixed(
    f,
    name,
    layer => withWindow(attention, windows[layer]),
    experts,
    () => true,
  )
}

/** Chunks of `attention_chunk_size` in all but every fourth layer; one shared expert as wide as a routed one. */
const llama4: Reader = (f, name) => {
  const step = f.countOr(1, 'interleave_moe_layer_step')
  const chunk = f.countOr(0, 'attention_chunk_size')
  const attention = attentionOf(f)
  const experts = expertsOf(f, { sharedFfn: f.count('intermediate_size') })
  return mixed(
    f,
    name,
    layer => withWindow(attention, chunk > 0 && (layer + 1) % 4 !== 0 ? chunk : undefined),
    experts,
    layer => (layer + 1) % step === 0,
  )
}

export const EXPERT_FAMILIES: Readonly<Record<string, Reader>> = {
  mixtral,
  qwen2_moe: qwen2Moe,
  qwen3_moe: qwen3Moe,
  deepseek_v2: deepseek(false),
  deepseek_v3: deepseek(true),
  kimi_k2: deepseek(true),
  glm4_moe: glm4Moe,
  gpt_oss: gptOss,
  llama4,
  llama4_text: llama4,
}
