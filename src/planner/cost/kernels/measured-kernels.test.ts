import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Device } from '../../fleet/device.ts'
import { KNOWN_DEVICES } from '../../fleet/devices.ts'
import { gemmSeconds } from './gemm.ts'
import { optimizerSeconds } from './optimizer.ts'
import { passSeconds } from './pass.ts'
import { scanSeconds } from './scan.ts'

const named = (name: string): Device => KNOWN_DEVICES.find(({ host }) => host.device.name === name)!.host.device
const h100 = named('H100-80GB SXM')

test('the median error of GEMMs above 4e10 operations stays below 5 % against the extract of measured ones', () => {
  const file = resolve(import.meta.dirname, '../../../../bench/planner/extract/gemm.csv')
  const [, names, ...lines] = readFileSync(file, 'utf8').trimEnd().split('\n')
  for (const [column, name] of [
    ['a100_sxm.bf16', 'A100-80GB SXM'],
    ['h100_sxm.bf16', 'H100-80GB SXM'],
    ['b200_sxm.bf16', 'B200 SXM'],
  ] as const) {
    const at = names!.split(',').indexOf(column)
    const errors = lines
      .map(line => line.split(',').map(Number))
      .filter(cells => cells[at]! > 0 && cells[0]! * cells[1]! * cells[2]! > 2e10)
      .map(([m, n, k, ...rest]) =>
        Math.abs(gemmSeconds(named(name), { m: m!, n: n!, k: k! }, 'bf16') / (rest[at - 3]! * 1e-6) - 1),
      )
      .toSorted((a, b) => a - b)
    expect(errors.length).toBeGreaterThan(200)
    expect(errors[errors.length >> 1]!).toBeLessThan(0.05)
  }
})

const handedOut = resolve(import.meta.dirname, '../../../../../shared/planner/data/microbench-gemm.jsonl')
describe.skipIf(!existsSync(handedOut))('against the handed-out table of GEMMs (../shared)', () => {
  test('the median error of bf16 on H100 is below 5 %', () => {
    const errors = readFileSync(handedOut, 'utf8')
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line))
      .filter(row => row.system === 'h100_sxm' && row.dtype === 'bfloat16')
      .map(row => Math.abs(gemmSeconds(h100, row, 'bf16') / (row.latency_ms / 1000) - 1))
      .toSorted((a: number, b: number) => a - b)
    expect(errors[errors.length >> 1]!).toBeLessThan(0.05)
  })
})

test('a pass over 1 GB takes 0.33 ms on H100 and 0.57 ms on A100', () => {
  expect(passSeconds(h100, 1e9, 1) * 1e3).toBeCloseTo(0.33, 1)
  expect(passSeconds(named('A100-80GB SXM'), 1e9, 1) * 1e3).toBeCloseTo(0.57, 1)
})

test('Adam over a billion parameters with 28 bytes each takes about 9 ms on H100', () => {
  expect(optimizerSeconds(h100, 1e9, 28) * 1e3).toBeGreaterThan(8)
  expect(optimizerSeconds(h100, 1e9, 28) * 1e3).toBeLessThan(11)
  expect(optimizerSeconds(h100, 0, 28)).toBe(0)
})

test('a scan is linear in the sequence, and its backward takes longer', () => {
  const shape = { batch: 1, sequence: 8192, heads: 128, headDim: 64, stateDim: 128, groups: 8 }
  const [one, two] = [8192, 16384].map(sequence => scanSeconds(h100, { ...shape, sequence }, 'forward'))
  expect(two! / one!).toBeGreaterThan(1.8)
  expect(two! / one!).toBeLessThan(2)
  expect(scanSeconds(h100, shape, 'backward')).toBeGreaterThan(one!)
})

test('a hundred thousand GEMMs are priced in less than a second, on a busy machine too', () => {
  const started = performance.now()
  let sum = 0
  for (let i = 0; i < 1e5; i++) sum += gemmSeconds(h100, { m: 1024 + i, n: 4096, k: 4096 }, 'bf16')
  expect(sum).toBeGreaterThan(0)
  expect(performance.now() - started).toBeLessThan(1000)
})
