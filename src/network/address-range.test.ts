/** Ranges and addresses: never two clusters or pods on one, never one that the machine knows. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  chooseBridgeRange,
  formatAddress,
  formatNetwork,
  layoutOf,
  loopbackRange,
  type Network,
  overlaps,
  parseAddress,
  parseNetwork,
  sizeOf,
  sliceOf,
} from './address-range.ts'
import { createAddresses } from './addresses.ts'
import { parseRoutes } from './host-networks.ts'

const network = (text: string): Network => parseNetwork(text)!
const anyNetwork = fc
  .tuple(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.integer({ min: 9, max: 32 }))
  .map(([address, prefix]) => ({ address: address - (address % 2 ** (32 - prefix)), prefix }))

test('addresses are read as they are written', () => {
  fc.assert(fc.property(fc.ipV4(), text => formatAddress(parseAddress(text)) === text))
})

test('a range meets none of the machine’s networks, and is the same for the same folder', () => {
  fc.assert(
    fc.property(fc.string(), fc.array(anyNetwork, { maxLength: 30 }), (seed, taken) => {
      const range = chooseBridgeRange(seed, taken)
      if (range === undefined) return
      expect(taken.some(each => overlaps(each, range))).toBe(false)
      expect(chooseBridgeRange(seed, taken)).toEqual(range)
      expect(overlaps(range, network('10.128.0.0/9'))).toBe(true)
    }),
  )
})

test('a second cluster with the same hash moves on', () => {
  const first = chooseBridgeRange('x', [])!
  expect(formatNetwork(chooseBridgeRange('x', [first])!)).not.toBe(formatNetwork(first))
})

test('a route to all private networks is no hindrance, a full space is', () => {
  expect(chooseBridgeRange('x', [network('10.0.0.0/8'), network('0.0.0.0/0')])).toBeDefined()
  expect(chooseBridgeRange('x', [network('10.128.0.0/9')])).toBeUndefined()
})

test('loopback ranges lie in 127.0.0.0/8, away from 127.0.0.1', () => {
  fc.assert(
    fc.property(fc.string(), seed => {
      const range = loopbackRange(seed)
      return overlaps(range, network('127.0.0.0/8')) && !overlaps(range, network('127.0.0.0/17'))
    }),
  )
})

test('the kernel’s routes are read with their masks', () => {
  const text =
    'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n' +
    'eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n' +
    'eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n' +
    'slv0\t00D0FD0A\t00000000\t0001\t0\t0\t0\t00F0FFFF\t0\t0\t0\n'
  expect(parseRoutes(text, 'slv0').map(formatNetwork)).toEqual(['0.0.0.0/0', '192.0.2.0/24'])
})

test('no two pods have one address, and one that came back rests as long as others are free', () => {
  const addresses = createAddresses(network('10.0.0.0/29'), 2)
  const taken = [addresses.take(), addresses.take()]
  expect(taken).toEqual(['10.0.0.2', '10.0.0.3'])
  addresses.giveBack('10.0.0.2')
  addresses.giveBack('10.0.0.2')
  expect([addresses.take(), addresses.take(), addresses.take()]).toEqual(['10.0.0.4', '10.0.0.5', '10.0.0.6'])
  expect(addresses.take()).toBe('10.0.0.2')
  expect(() => addresses.take()).toThrow('fewer than 8 pods at once')
})

test('an address of an earlier life is not handed out', () => {
  const addresses = createAddresses(network('10.0.0.0/29'), 2)
  addresses.take('10.0.0.2')
  expect(addresses.take()).toBe('10.0.0.3')
})

test('pods, Services and the machine meet nowhere in a range, nor do the slices of its nodes', () => {
  const { all, ...parts } = layoutOf(network('10.128.0.0/17'))
  expect(Object.values(parts).map(formatNetwork)).toEqual(['10.128.0.0/18', '10.128.64.0/20', '10.128.80.0/24'])
  expect(Object.values(parts).every(part => overlaps(part, all))).toBe(true)
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), of => {
      const slices = Array.from({ length: of }, (_, index) => sliceOf(parts.pods, { index, of }))
      const ends = slices.map((slice, i) => slice.address + sizeOf(slice) <= (slices[i + 1]?.address ?? 2 ** 32))
      expect(ends).not.toContain(false)
      expect(slices.every(slice => overlaps(slice, parts.pods))).toBe(true)
    }),
  )
  expect(sliceOf(parts.pods, { index: 0, of: 1 })).toEqual(parts.pods)
})
