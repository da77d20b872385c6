/** Readers of dense families. What a config leaves out has the default of the family's class in `transformers`. */
import { modelOf } from '../layer-list.ts'
import type { Attention, DenseMlp, LayerShape, ModelSpec } from '../model.ts'
import type { Fields } from './fields.ts'

export type Reader = (fields: Fields, name: string) => ModelSpec

const hiddenOf = (f: Fields): number => f.count('hidden_size', 'n_embd', 'n_embed', 'd_model')

/** Fields that nearly all families name alike. */
export function outsideOf(f: Fields, name: string): Omit<ModelSpec, 'shapes' | 'layers'> {
  return {
    name,
    hidden: hiddenOf(f),
    vocab: f.count('vocab_size'),
    tiedEmbeddings: f.flag('tie_word_embeddings', false),
    learnedPositions: 0,
    norm: 'rms',
    mtpLayers: 0,
  }
}

export const layersOf = (f: Fields): number => f.count('num_hidden_layers', 'n_layer', 'num_layers')

export function attentionOf(f: Fields, differs: Partial<Attention> = {}): Attention {
  const heads = f.count('num_attention_heads', 'n_head')
  const bias = f.flag('attention_bias', false)
  return {
    kind: 'attention',
    heads,
    kvHeads: f.countOr(heads, 'num_key_value_heads'),
    headDim: f.countOr(hiddenOf(f) / heads, 'head_dim', 'attention_head_dim'),
    qkvBias: bias,
    outBias: bias,
    qkNorm: false,
    ...differs,
  }
}

export const denseOf = (f: Fields, differs: Partial<DenseMlp> = {}): DenseMlp => ({
  kind: 'dense',
  ffn: f.count('intermediate_size'),
  gated: true,
  bias: f.flag('mlp_bias', false),
  ...differs,
})

/** `layer_types` where the config has them, else the family's rule. */
export function windowsOf(f: Fields, layers: number, slides: (layer: number) => boolean): (number | undefined)[] {
  const window = f.has('sliding_window') ? f.count('sliding_window') : undefined
  const types = f.list('layer_types')
  return Array.from({ length: layers }, (_, layer) =>
    (types ? types[layer] === 'sliding_attention' : slides(layer)) ? window : undefined,
  )
}

export const withWindow = (attention: Attention, window: number | undefined): Attention =>
  window === undefined ? attention : { ...attention, window }

/** A decoder of equal layers, but for their windows. */
function uniform(
  f: Fields,
  name: string,
  parts: { attention: Attention; mlp: DenseMlp; extraNorms?: number },
  differs: Partial<ModelSpec> = {},
  slides: (layer: number) => boolean = () => false,
): ModelSpec {
  const windows = windowsOf(f, layersOf(f), slides)
  const layers = windows.map(
    (window): LayerShape => ({
      mixer: withWindow(parts.attention, window),
      mlp: parts.mlp,
      extraNorms: parts.extraNorms ?? 0,
    }),
  )
  return modelOf({ ...outsideOf(f, name), ...differs }, layers)
}

const llama: Reader = (f, name) => uniform(f, name, { attention: attentionOf(f), mlp: denseOf(f) })

const mistral: Reader = (f, name) => uniform(f, name, { attention: attentionOf(f), mlp: denseOf(f) }, {}, () => true)

/** Windows only in layers from `max_window_layers` on, and only when switched on. */
const qwenSlides = (f: Fields) => (layer: number) =>
  f.flag('use_sliding_window', false) && layer >= f.countOr(0, 'max_window_layers')

const qwen2: Reader = (f, name) =>
  uniform(f, name, { attention: attentionOf(f, { qkvBias: true }), mlp: denseOf(f) }, {}, qwenSlides(f))

const qwen3: Reader = (f, name) =>
  uniform(f, name, { attention: attentionOf(f, { qkNorm: true }), mlp: denseOf(f) }, {}, qwenSlides(f))

const gemma: Reader = (f, name) =>
  uniform(
    f,
    name,
    { attention: attentionOf(f), mlp: denseOf(f) },
    { tiedEmbeddings: f.flag('tie_word_embeddings', true) },
  )

/** Norms after each part too; every second layer slides. */
const gemma2: Reader = (f, name) =>
  uniform(
    f,
    name,
    { attention: attentionOf(f), mlp: denseOf(f), extraNorms: 2 },
    { tiedEmbeddings: f.flag('tie_word_embeddings', true) },
    layer => layer % 2 === 0,
  )

/** One layer in six sees everything. */
const gemma3: Reader = (f, name) => {
  const pattern = f.countOr(6, 'sliding_window_pattern')
  return uniform(
    f,
    name,
    { attention: attentionOf(f, { qkNorm: true }), mlp: denseOf(f), extraNorms: 2 },
    { tiedEmbeddings: f.flag('tie_word_embeddings', true) },
    layer => (layer + 1) % pattern !== 0,
  )
}

const gpt2: Reader = (f, name) => {
  const hidden = hiddenOf(f)
  return uniform(
    f,
    name,
    {
      attention: attentionOf(f, { qkvBias: true, outBias: true }),
      mlp: { kind: 'dense', ffn: f.countOr(4 * hidden, 'n_inner'), gated: false, bias: true },
    },
    {
      norm: 'layer',
      learnedPositions: f.count('n_positions', 'n_ctx', 'max_position_embeddings'),
      tiedEmbeddings: f.flag('tie_word_embeddings', true),
    },
  )
}

const neox: Reader = (f, name) => {
  const bias = f.flag('attention_bias', true)
  return uniform(
    f,
    name,
    {
      attention: attentionOf(f, { qkvBias: bias, outBias: bias }),
      mlp: denseOf(f, { gated: false, bias: true }),
    },
    { norm: 'layer' },
  )
}

/** ALiBi instead of positions, a norm after the embedding; `n_embed` in old files. */
const bloom: Reader = (f, name) => {
  const hidden = hiddenOf(f)
  return uniform(
    f,
    name,
    {
      attention: attentionOf(f, { qkvBias: true, outBias: true }),
      mlp: { kind: 'dense', ffn: 4 * hidden, gated: false, bias: true },
    },
    { norm: 'layer', embeddingNorm: true, tiedEmbeddings: f.flag('tie_word_embeddings', true) },
  )
}

/** Squared ReLU without a gate, layer norm with bias. */
const nemotron: Reader = (f, name) =>
  uniform(f, name, { attention: attentionOf(f), mlp: denseOf(f, { gated: false }) }, { norm: 'layer' })

const starcoder2: Reader = (f, name) => {
  const bias = f.flag('use_bias', true)
  return uniform(
    f,
    name,
    {
      attention: attentionOf(f, { qkvBias: bias, outBias: bias }),
      mlp: denseOf(f, { gated: false, bias }),
    },
    { norm: 'layer', tiedEmbeddings: f.flag('tie_word_embeddings', true) },
    () => true,
  )
}

export const DENSE_FAMILIES: Readonly<Record<string, Reader>> = {
  llama,
  mistral,
  ministral: mistral,
  mistral3: mistral,
  qwen2,
  qwen3,
  gemma,
  gemma2,
  gemma3,
  gemma3_text: gemma3,
  gpt2,
  gpt_neox: neox,
  bloom,
  nemotron,
  phi3: mistral,
  granite: llama,
  starcoder2,
}
