/** Hands out the addresses of a range. One that came back is handed out again last, so that nobody meets a stranger under a fresh name. */
import { invariant } from '../base/invariant.ts'
import { formatAddress, type Network, parseAddress, sizeOf } from './address-range.ts'

export interface Addresses {
  /** `wanted` is one that a pod of an earlier life of this cluster still has. */
  take(wanted?: string): string
  giveBack(address: string): void
}

/** `reserved` addresses at the start of the range are never handed out. */
export function createAddresses(range: Network, reserved: number): Addresses {
  const inUse = new Set<number>()
  const returned: number[] = []
  const end = range.address + sizeOf(range) - 1
  let next = range.address + reserved

  function first(): number {
    while (next < end) {
      const address = next++
      if (!inUse.has(address)) return address
    }
    for (;;) {
      const address = returned.shift()
      invariant(address !== undefined, `fewer than ${sizeOf(range)} pods at once`)
      if (!inUse.has(address)) return address
    }
  }

  return {
    take(wanted) {
      const address = wanted === undefined ? first() : parseAddress(wanted)
      inUse.add(address)
      return formatAddress(address)
    },
    giveBack(address) {
      const number = parseAddress(address)
      if (inUse.delete(number)) returned.push(number)
    },
  }
}

/** Where every pod has the machine's one address (macOS configures only 127.0.0.1). */
export const oneAddress = (address: string): Addresses => ({ take: () => address, giveBack: () => {} })
