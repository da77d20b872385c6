import { expect, test } from 'vitest'
import { type LayerCut, WHOLE } from '../../model/cut.ts'
import { type DeclaredModel, declaredModel } from '../../model/declared-model.ts'
import type { Precision, Recompute, RecomputeModule } from '../../training/layout.ts'
import { softwareOf } from '../software/defaults.ts'
import { layerActivations } from './activations.ts'
import { korthikantiLayerBytes } from './compat/korthikanti.ts'

const BF16: Precision = { gemm: 'bf16', base: 'bf16', gradientBytes: 4 }
const NONE: Recompute = { kind: 'none' }
const modern = softwareOf('megatron', 2026)
const early = softwareOf('megatron', 2022)

function kept(
  declared: DeclaredModel,
  cut: Partial<LayerCut>,
  recompute: Recompute,
  software = modern,
  precision = BF16,
): number {
  const model = declaredModel(declared)
  if (!model.ok) throw new Error(JSON.stringify(model.problems))
  return layerActivations(model.value.shapes[0]!, model.value, { ...WHOLE, ...cut }, recompute, software, precision)
}

const LLAMA_8B: DeclaredModel = { layers: 1, hidden: 4096, ffn: 14336, heads: 32, kvHeads: 8, vocab: 128256 }
const LLAMA_70B: DeclaredModel = { layers: 1, hidden: 8192, ffn: 28672, heads: 64, kvHeads: 8, vocab: 128256 }
const QWEN_235B: DeclaredModel = {
  layers: 1,
  hidden: 4096,
  heads: 64,
  kvHeads: 4,
  headDim: 128,
  experts: 128,
  topK: 8,
  expertFfn: 1536,
  vocab: 151936,
}

/** formulas.md 2.4, which leaves out a logarithm a query and a scale a norm (0.1 %). */
test.each([
  { name: 'Llama-3-8B', model: LLAMA_8B, tensor: 1, bytes: 1141899264 },
  { name: 'Llama-3-70B over 8', model: LLAMA_70B, tensor: 8, bytes: 281280512 },
])('a layer of $name keeps $bytes bytes of 8,192 tokens', ({ model, tensor, bytes }) => {
  const cut = { tensor, sequenceParallel: tensor > 1, tokens: 8192, sequence: 8192 }
  expect(kept(model, cut, NONE) / bytes).toBeCloseTo(1, 2)
})

const GPT_175B: DeclaredModel = {
  layers: 1,
  hidden: 12288,
  heads: 96,
  ffn: 49152,
  gated: false,
  norm: 'layer',
  vocab: 51200,
}
const GPT_CUT = {
  sequence: 2048,
  microBatch: 1,
  hidden: 12288,
  heads: 96,
  layers: 96,
  tensor: 8,
  pipeline: 8,
  chunks: 3,
}

test.each([
  { recompute: 'none' as const, sequenceParallel: true },
  { recompute: 'none' as const, sequenceParallel: false },
  { recompute: 'selective' as const, sequenceParallel: true },
  { recompute: 'selective' as const, sequenceParallel: false },
  { recompute: 'full' as const, sequenceParallel: true },
])('a GPT of 2022 keeps what Table 2 of Korthikanti et al. says: $recompute, $sequenceParallel', row => {
  const recompute: Recompute =
    row.recompute === 'selective' ? { kind: 'modules', modules: ['core_attn'] } : { kind: row.recompute }
  const cut = { tensor: 8, sequenceParallel: row.sequenceParallel, tokens: 2048, sequence: 2048 }
  expect(kept(GPT_175B, cut, recompute, early) / korthikantiLayerBytes({ ...GPT_CUT, ...row })).toBeCloseTo(1, 2)
})

const freed = (model: DeclaredModel, modules: readonly RecomputeModule[]): number => {
  const cut = { tokens: 4096, sequence: 4096, expert: 8 }
  return kept(model, cut, NONE) - kept(model, cut, { kind: 'modules', modules })
}

test('recompute by module frees what formulas.md 2.4 says', () => {
  const tokens = 4096
  expect(freed(LLAMA_8B, ['mlp'])).toBe(6 * 14336 * tokens)
  expect(freed(LLAMA_8B, ['layernorm'])).toBe(4 * 4096 * tokens)
  expect(freed(QWEN_235B, ['moe_act'])).toBe(2 * 1536 * 8 * tokens)
  expect(freed(LLAMA_8B, ['moe', 'moe_act', 'mla_up_proj', 'shared_experts'])).toBe(0)
  // Flash attention keeps no scores: 0.1 % of the layer.
  expect(freed(LLAMA_8B, ['core_attn']) / kept(LLAMA_8B, { tokens, sequence: tokens }, NONE)).toBeLessThan(0.001)
})

test('expert parallelism does not divide routed activations, expert-tensor parallelism gathers them again', () => {
  const cut = { tokens: 4096, sequence: 4096 }
  expect(kept(QWEN_235B, { ...cut, expert: 8 }, NONE)).toBe(kept(QWEN_235B, cut, NONE))
})

test('a product in fp8 keeps half of its input', () => {
  const cut = { tokens: 4096, sequence: 4096 }
  const fp8 = kept(LLAMA_8B, cut, NONE, modern, { ...BF16, gemm: 'fp8' })
  // The two norms' outputs and the activation's.
  expect(kept(LLAMA_8B, cut, NONE) - fp8).toBe((2 * 4096 + 14336) * 4096)
})
