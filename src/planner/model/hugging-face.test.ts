import { expect, test } from 'vitest'
import { formatProblem } from '../../base/problem.ts'
import { declaredModel } from './declared-model.ts'
import { knownFamilies, readHuggingFace } from './hugging-face.ts'
import { shapeOf } from './model.ts'
import { parameters } from './parameters.ts'

const problemsOf = (config: unknown): string[] => {
  const read = readHuggingFace(config, 'model')
  return read.ok ? [] : read.problems.map(formatProblem)
}

const modelOf = (config: unknown) => {
  const read = readHuggingFace(config, 'model')
  if (!read.ok) throw new Error(read.problems.map(formatProblem).join('\n'))
  return read.value
}

const LLAMA = {
  model_type: 'llama',
  num_hidden_layers: 2,
  hidden_size: 64,
  intermediate_size: 128,
  num_attention_heads: 4,
  vocab_size: 100,
}

test('a missing field is told with the nearest one that is there', () => {
  const { num_hidden_layers: _, ...rest } = LLAMA
  expect(problemsOf({ ...rest, num_hiden_layers: 2 })).toEqual([
    'num_hidden_layers is missing, but a llama model is not known without it. There is a field num_hiden_layers with the value 2: rename it to num_hidden_layers if it means the same.',
  ])
})

test('everything that is missing is told at once, each field once', () => {
  expect(problemsOf({ model_type: 'mixtral', vocab_size: 100 }).map(text => text.split(' ')[0])).toEqual([
    'num_hidden_layers',
    'num_attention_heads',
    'hidden_size',
    'num_experts',
    'num_experts_per_tok',
    'moe_intermediate_size',
  ])
})

test('an unknown family gets the nearest name', () => {
  expect(problemsOf({ model_type: 'lama' })).toEqual([
    'model_type is "lama", but that family is not known. Did you mean "llama"? Or declare the model by numbers: layers, hidden, heads, ffn, vocab.',
  ])
})

test('what is no object, or has no family, is refused', () => {
  expect(problemsOf([])).toEqual([
    " is a list, but a config.json is an object. Give the model's own config.json.".trim(),
  ])
  expect(problemsOf({})[0]).toContain('model_type is missing')
  expect(problemsOf({ model_type: 'toString' })[0]).toContain('that family is not known')
})

test('heads that do not divide are told with what would', () => {
  expect(problemsOf({ ...LLAMA, num_attention_heads: 5 })).toEqual([
    'num_attention_heads is 5, but hidden_size 64 does not divide by it and head_dim is not given. Give head_dim, or use 4 heads.',
  ])
  expect(problemsOf({ ...LLAMA, num_key_value_heads: 3 })).toEqual([
    'num_key_value_heads is 3, but 4 attention heads do not share 3 evenly. Use 2.',
  ])
})

test('a count of zero or a word is refused', () => {
  expect(problemsOf({ ...LLAMA, num_hidden_layers: 'two' })[0]).toContain('num_hidden_layers is "two"')
})

test('numbers declared badly are told as well', () => {
  const declared = declaredModel({ layers: 2, hidden: 64, heads: 3, vocab: 100, experts: 8, topK: 9 })
  expect(declared.ok ? [] : declared.problems.map(formatProblem)).toEqual([
    'model.heads is 3, but hidden 64 does not divide by it and headDim is not given. Give headDim, or use 2 heads.',
    'model.topK is 9, but each token goes to 1 to 8 of 8 experts. Use a number from 1 to 8.',
  ])
})

test('a declared count that is none is told', () => {
  const declared = declaredModel({ layers: 0, hidden: 64, heads: 4, vocab: 100, ffn: -8, kvHeads: 1.5 })
  expect(declared.ok ? [] : declared.problems.map(problem => `${problem.field} ${problem.what}`)).toEqual([
    'model.layers is 0',
    'model.kvHeads is 1.5',
    'model.ffn is -8',
  ])
})

test('Gemma 2 slides in every second layer and has four norms', () => {
  const model = modelOf({
    ...LLAMA,
    model_type: 'gemma2',
    num_hidden_layers: 4,
    head_dim: 32,
    sliding_window: 16,
  })
  expect(model.layers).toEqual([0, 1, 0, 1])
  expect(shapeOf(model, 0)).toMatchObject({ mixer: { window: 16, headDim: 32 }, extraNorms: 2 })
  expect(shapeOf(model, 1).mixer).not.toHaveProperty('window')
  expect(model.tiedEmbeddings).toBe(true)
})

test('a text_config inside a composite config is what counts', () => {
  const model = modelOf({
    model_type: 'gemma3',
    text_config: { ...LLAMA, model_type: 'gemma3_text', head_dim: 16, num_hidden_layers: 6, sliding_window: 8 },
  })
  expect(model.layers).toEqual([0, 0, 0, 0, 0, 1])
})

/** Published counts (model cards): 8.1 B with 4 attention, 24 Mamba-2 and 24 feed-forward layers; 2.7 B. */
test('hybrids and state spaces come near their published sizes', () => {
  const hybrid = modelOf({
    model_type: 'nemotron_h',
    hybrid_override_pattern: 'M-M-M-MM-M-M-M*-M-M-M*-M-M-M-M*-M-M-M-M*-M-MM-M-M-M-M-',
    hidden_size: 4096,
    intermediate_size: 21504,
    num_attention_heads: 32,
    num_key_value_heads: 8,
    attention_head_dim: 128,
    mamba_num_heads: 128,
    mamba_head_dim: 64,
    ssm_state_size: 128,
    n_groups: 8,
    conv_kernel: 4,
    vocab_size: 131072,
  })
  expect(parameters(hybrid).total / 8.1e9).toBeCloseTo(1, 1)
  const mamba = modelOf({
    model_type: 'mamba2',
    num_hidden_layers: 64,
    hidden_size: 2560,
    num_heads: 80,
    head_dim: 64,
    state_size: 128,
    n_groups: 1,
    conv_kernel: 4,
    vocab_size: 50288,
    tie_word_embeddings: true,
  })
  expect(parameters(mamba).total / 2.7e9).toBeCloseTo(1, 1)
})

test('an odd letter in a hybrid pattern is refused', () => {
  expect(problemsOf({ ...LLAMA, model_type: 'nemotron_h', hybrid_override_pattern: 'X' })[0]).toContain(
    'has the letter "X"',
  )
})

test('families of the issue are known', () => {
  for (const family of [
    'llama',
    'mistral',
    'mixtral',
    'qwen2',
    'qwen3',
    'qwen2_moe',
    'qwen3_moe',
    'deepseek_v2',
    'deepseek_v3',
    'gpt2',
    'gpt_neox',
    'gemma',
    'gemma2',
    'gemma3',
    'nemotron_h',
    'mamba2',
    'gpt_oss',
  ])
    expect(knownFamilies.includes(family), family).toBe(true)
})
