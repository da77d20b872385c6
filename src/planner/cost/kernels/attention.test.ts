import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Device } from '../../fleet/device.ts'
import { KNOWN_DEVICES } from '../../fleet/devices.ts'
import { type AttentionKernel, attentionSeconds } from './attention.ts'
import type { AttentionShape, Direction } from './attention-shape.ts'
import { latentAttentionSeconds } from './latent-attention.ts'

const named = (name: string): Device => KNOWN_DEVICES.find(({ host }) => host.device.name === name)!.host.device
const h100 = named('H100-80GB SXM')

/** As the FlashAttention papers measure: 16k tokens, 2048 wide. */
const paperShape = (sequence: number, headDim: number): AttentionShape => ({
  batch: 16384 / sequence,
  heads: 2048 / headDim,
  kvHeads: 2048 / headDim,
  headDim,
  valueDim: headDim,
  sequenceQ: sequence,
  sequenceKv: sequence,
  causal: true,
})

const teraflops = (device: Device, shape: AttentionShape, direction: Direction, kernel: AttentionKernel) => {
  const flops = (direction === 'forward' ? 2 : 5) * shape.batch * shape.heads * shape.sequenceQ ** 2 * shape.headDim
  return flops / attentionSeconds(device, shape, 'bf16', direction, kernel) / 1e12
}

// Shah et al., 2407.08608, figure 5 (H100, causal forward). The FlashAttention-3 column is a check from another source: constants were fitted to vLLM's.
test.each([
  { kernel: 'flash3', sequence: 2048, headDim: 128, published: 521 },
  { kernel: 'flash3', sequence: 8192, headDim: 128, published: 602 },
  { kernel: 'flash3', sequence: 16384, headDim: 128, published: 616 },
  { kernel: 'flash3', sequence: 8192, headDim: 64, published: 460 },
  { kernel: 'vendor', sequence: 4096, headDim: 128, published: 518 },
  { kernel: 'vendor', sequence: 16384, headDim: 128, published: 539 },
  { kernel: 'flash2', sequence: 8192, headDim: 128, published: 333 },
] as const)('$kernel forward of $sequence keys, heads of $headDim: $published TFLOP/s', row => {
  const predicted = teraflops(h100, paperShape(row.sequence, row.headDim), 'forward', row.kernel)
  expect(Math.abs(predicted / row.published - 1)).toBeLessThan(0.1)
})

// Figure 6 of the same, without mask; and flash-attention pull request 2280 (B200, causal, 8k keys: forward 1418, backward 1209).
test.each([
  { kernel: 'flash3', sequence: 2048, published: 501 },
  { kernel: 'flash3', sequence: 8192, published: 559 },
  { kernel: 'vendor', sequence: 8192, published: 518 },
  { kernel: 'flash2', sequence: 8192, published: 318 },
] as const)('$kernel backward of $sequence keys without mask: $published TFLOP/s', row => {
  const shape = { ...paperShape(row.sequence, 128), causal: false }
  const predicted = 2 * teraflops(h100, shape, 'backward', row.kernel)
  expect(Math.abs(predicted / row.published - 1)).toBeLessThan(0.12)
})

test('the backward of 8k causal keys runs at 0.8 to 0.9 of the forward rate on Blackwell', () => {
  const [forward, backward] = (['forward', 'backward'] as const).map(direction =>
    attentionSeconds(named('B200 SXM'), { ...paperShape(8192, 128), batch: 4 }, 'bf16', direction),
  )
  const rate = (2.5 * forward!) / backward!
  expect(rate).toBeGreaterThan(0.8)
  expect(rate).toBeLessThan(0.9)
})

// SimuMax's tables of one B200 and one A100 PCIe machine (bench/planner/extract/training-attention.csv): cuDNN and FlashAttention-2, 4k keys.
test.each([
  { device: 'B200 SXM', heads: 64, kvHeads: 8, headDim: 128, valueDim: 128, forward: 280, backward: 837 },
  { device: 'B200 SXM', heads: 128, kvHeads: 128, headDim: 192, valueDim: 128, forward: 735, backward: 2377 },
  { device: 'A100-80GB PCIe', heads: 64, kvHeads: 8, headDim: 128, valueDim: 128, forward: 1484, backward: 4383 },
  { device: 'A100-80GB PCIe', heads: 128, kvHeads: 128, headDim: 192, valueDim: 128, forward: 4106, backward: 13734 },
])('$device, $heads heads of $headDim over 4k keys: $forward us and back in $backward us', row => {
  const { device, forward, backward, ...heads } = row
  const lengths = { batch: 1, sequenceQ: 4096, sequenceKv: 4096, causal: true, latent: row.headDim === 192 }
  for (const [direction, us] of [
    ['forward', forward],
    ['backward', backward],
  ] as const) {
    const seconds = attentionSeconds(named(device), { ...heads, ...lengths }, 'bf16', direction)
    expect(Math.abs(seconds / (us * 1e-6) - 1)).toBeLessThan(0.15)
  }
})

const devices = fc.constantFrom(...KNOWN_DEVICES.map(({ host }) => host.device))
const directions = fc.constantFrom('forward', 'backward' as const)

test('more keys take longer and reach a higher rate', () => {
  fc.assert(
    fc.property(devices, directions, fc.integer({ min: 10, max: 15 }), (device, direction, log) => {
      const shape = (sequence: number): AttentionShape => ({
        ...paperShape(1024, 128),
        sequenceQ: sequence,
        sequenceKv: sequence,
      })
      const [one, two] = [2 ** log, 2 ** (log + 1)].map(s => attentionSeconds(device, shape(s), 'bf16', direction))
      expect(two!).toBeGreaterThan(2 * one! * 0.9)
      expect(two!).toBeLessThan(4.05 * one!)
    }),
  )
})

test('a window as long as the sequence is none', () => {
  const shape = paperShape(4096, 128)
  const plain = attentionSeconds(h100, shape, 'bf16', 'forward')
  expect(attentionSeconds(h100, { ...shape, window: 8192 }, 'bf16', 'forward')).toBe(plain)
})

test('a window is cheaper than all keys, and a mask than none', () => {
  const shape = paperShape(16384, 128)
  const forward = (of: Partial<AttentionShape>) => attentionSeconds(h100, { ...shape, ...of }, 'bf16', 'forward')
  expect(forward({ window: 4096 })).toBeLessThan(forward({}))
  expect(forward({})).toBeLessThan(0.6 * forward({ causal: false }))
})

test('the score matrix costs several times what a fused kernel does at 8k keys', () => {
  const shape = paperShape(8192, 128)
  const fused = attentionSeconds(named('A100-80GB SXM'), shape, 'bf16', 'forward')
  expect(attentionSeconds(named('A100-80GB SXM'), shape, 'bf16', 'forward', 'unfused') / fused).toBeGreaterThan(3)
})

test('latent attention of 192 and 128 costs about as much as heads of 160', () => {
  const shape = { ...paperShape(8192, 128), headDim: 192, valueDim: 128 }
  const latent = latentAttentionSeconds(h100, shape, 'bf16', 'forward', 'flash3')
  const plain = attentionSeconds(h100, { ...shape, headDim: 160, valueDim: 160 }, 'bf16', 'forward', 'flash3')
  expect(Math.abs(latent / plain - 1)).toBeLessThan(0.25)
})
