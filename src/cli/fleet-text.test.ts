import { expect, test } from 'vitest'
import { parse } from 'yaml'
import type { MeasuredDevice } from '../spec/measured-device.ts'
import { fleetText } from './fleet-text.ts'

const pass = { bytes: [1000], forward: [0.000123456789], backward: [0.5] }
const device = {
  kind: 'cpu',
  name: 'AMD "EPYC": 7',
  memoryBytes: 1e9,
  devices: 2,
  threads: 1,
  torch: '2.15.0',
  precisions: { fp32: { products: { sizes: [32] }, attention: { keys: [64] }, passes: { norm: pass } } },
  update: { adam: { parameters: [1], seconds: [0.25] } },
  links: {},
} as unknown as MeasuredDevice

test('a measured device is written as a Fleet that reads back, to four digits', () => {
  const { kind, metadata, spec } = parse(fleetText('here', device))
  expect([kind, metadata.name, spec.pools[0].device]).toEqual(['Fleet', 'here', 'AMD "EPYC": 7, one core'])
  const { measured } = spec.pools[0]
  expect(measured.precisions.fp32.passes.norm.forward).toEqual([0.0001235])
  expect({ ...measured, precisions: undefined }).toEqual({ ...device, precisions: undefined })
})
