import { expect, test } from 'vitest'
import { declaredModel } from './declared-model.ts'
import { modelFlops } from './flops.ts'

const PEAK_A100 = 312e12

/** Table 5 of Korthikanti et al.: GPTs with a vocabulary of 51,200 and sequences of 2,048. */
test.each([
  {
    model: '22B',
    layers: 48,
    hidden: 6144,
    heads: 64,
    batch: 4,
    gpus: 8,
    seconds: 1.1,
    flops: 1143560812363776,
    mfu: 41.65,
  },
  {
    model: '175B',
    layers: 96,
    hidden: 12288,
    heads: 96,
    batch: 64,
    gpus: 64,
    seconds: 13.75,
    flops: 1.4109153109947186e17,
    mfu: 51.39,
  },
  {
    model: '530B',
    layers: 105,
    hidden: 20480,
    heads: 128,
    batch: 280,
    gpus: 280,
    seconds: 37.83,
    flops: 1.852230416203776e18,
    mfu: 56.05,
  },
  {
    model: '1T',
    layers: 128,
    hidden: 25600,
    heads: 160,
    batch: 512,
    gpus: 512,
    seconds: 71.49,
    flops: 6.425875806211277e18,
    mfu: 56.27,
  },
])('a step of the $model model does $flops FLOPs, $mfu % of the peak', row => {
  const { layers, hidden, heads } = row
  const model = declaredModel({ layers, hidden, heads, ffn: 4 * hidden, vocab: 51200, gated: false })
  if (!model.ok) throw new Error('refused')
  const flops = modelFlops(model.value, 2048, row.batch * 2048, false)
  expect(flops / row.flops).toBeCloseTo(1, 10)
  expect((100 * flops) / (row.seconds * row.gpus * PEAK_A100)).toBeCloseTo(row.mfu, 2)
})
