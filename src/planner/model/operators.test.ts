import '../../../test/properties.ts'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type LayerCut, WHOLE } from './cut.ts'
import { type DeclaredModel, declaredModel } from './declared-model.ts'
import type { ModelSpec } from './model.ts'
import { moduleTable } from './module-table.ts'
import { operatorFlops, visibleKeys } from './operator.ts'
import { operatorsOf, stageExtras } from './operators.ts'
import { layerActive, layerTotal } from './parameters.ts'
import { layerParameters, weightsOf } from './weights.ts'

const LATENT = { qRank: 96, kvRank: 64, nopeDim: 32, ropeDim: 16, valueDim: 32 }

function modelOf(declared: DeclaredModel): ModelSpec {
  const model = declaredModel(declared)
  if (!model.ok) throw new Error(JSON.stringify(model.problems))
  return model.value
}

const anyModel = fc
  .record({
    heads: fc.constantFrom(8, 16),
    kvHeads: fc.constantFrom(8, 8),
    ffn: fc.constantFrom(512, 1024),
    experts: fc.constantFrom(0, 8, 16),
    topK: fc.constantFrom(1, 2, 4),
    sharedFfn: fc.constantFrom(0, 256),
    gated: fc.boolean(),
    isLatent: fc.boolean(),
  })
  .map(({ isLatent, ...sizes }) =>
    modelOf({ layers: 2, hidden: 512, vocab: 1024, ...sizes, ...(isLatent ? { latent: LATENT } : {}) }),
  )

const anyCut = fc
  .record({
    tensor: fc.constantFrom(1, 2, 4),
    context: fc.constantFrom(1, 2),
    expert: fc.constantFrom(1, 2, 4),
    expertTensor: fc.constantFrom(1, 2),
    contextMethod: fc.constantFrom('ring' as const, 'ulysses' as const),
  })
  .map(
    (degrees): LayerCut => ({
      ...degrees,
      sequenceParallel: degrees.tensor > 1,
      tokens: 512,
      sequence: 512 * degrees.context,
    }),
  )

const products = (model: ModelSpec, cut: LayerCut): number =>
  operatorsOf(model.shapes[0]!, model, cut)
    .filter(operator => operator.kind === 'gemm' || operator.kind === 'grouped')
    .reduce((sum, operator) => sum + operatorFlops(operator, true), 0)

test('products of an uncut layer do two operations for each weight that a token meets', () => {
  fc.assert(
    fc.property(anyModel, model => {
      const shape = model.shapes[0]!
      const vectors = weightsOf(shape, model)
        .filter(weight => !weight.isMatrix)
        .reduce((sum, weight) => sum + weight.elements, 0)
      const cut = { ...WHOLE, tokens: 128, sequence: 128 }
      expect(products(model, cut)).toBeCloseTo(2 * 128 * (layerActive(shape, model) - vectors), 0)
    }),
  )
})

test('ranks share the products of a layer, but for what each does alone', () => {
  fc.assert(
    fc.property(anyModel, anyCut, (model, cut) => {
      const whole = products(model, { ...WHOLE, tokens: cut.tokens, sequence: cut.sequence })
      const mine = products(model, cut)
      // Routers and projections down run on every rank's own tokens; nothing is done twice.
      expect(mine * cut.tensor).toBeCloseTo(whole, -3)
    }),
  )
})

test('ranks together hold every parameter once, and what is copied as often as there are tensor ranks', () => {
  fc.assert(
    fc.property(anyModel, anyCut, (model, cut) => {
      const shape = model.shapes[0]!
      const own = layerParameters(shape, model, cut)
      const total = own.tensorSharded * cut.tensor + own.replicated + own.experts * cut.expert * cut.expertTensor
      expect(total).toBeCloseTo(layerTotal(shape, model), 3)
    }),
  )
})

test('a context degree leaves a rank its share of attention', () => {
  fc.assert(
    fc.property(anyModel, anyCut, (model, cut) => {
      const core = (of: LayerCut): number =>
        operatorsOf(model.shapes[0]!, model, of)
          .filter(operator => operator.kind === 'attention')
          .reduce((sum, operator) => sum + operatorFlops(operator, true), 0)
      const whole = core({ ...WHOLE, tokens: cut.tokens * cut.context, sequence: cut.sequence })
      expect(core(cut) * cut.tensor * cut.context).toBeCloseTo(whole, 3)
    }),
  )
})

test.each([
  { sequence: 4096, window: undefined, causal: false, keys: 4096 },
  { sequence: 4096, window: undefined, causal: true, keys: 2048 },
  { sequence: 4096, window: 128, causal: true, keys: 126 },
  { sequence: 64, window: 128, causal: true, keys: 32 },
])('a query of $sequence with window $window sees $keys keys', ({ sequence, window, causal, keys }) => {
  expect(visibleKeys(sequence, window, causal)).toBe(keys)
})

test('the head is a product with the padded vocabulary and its loss', () => {
  const model = modelOf({ layers: 1, hidden: 512, heads: 8, vocab: 1000 })
  const head = stageExtras(model, { ...WHOLE, tensor: 2, tokens: 64, sequence: 64 }, undefined, 1024).head
  expect(head.map(operator => operator.module)).toEqual(['norm', 'head', 'loss'])
  expect(head[1]).toMatchObject({ m: 64, n: 512, k: 512 })
})

test('a layer by module adds up to the layer', () => {
  fc.assert(
    fc.property(anyModel, anyCut, (model, cut) => {
      const shape = model.shapes[0]!
      const table = moduleTable(shape, model, cut, true)
      const sum = (of: (row: (typeof table)[number]) => number): number =>
        table.reduce((total, row) => total + of(row), 0)
      expect(sum(row => row.parameters)).toBe(layerTotal(shape, model))
      const flops = operatorsOf(shape, model, cut).reduce((total, operator) => total + operatorFlops(operator, true), 0)
      expect(sum(row => row.flops)).toBeCloseTo(flops, -2)
    }),
  )
})
