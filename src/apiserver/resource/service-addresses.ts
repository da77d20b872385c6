/**
 * Addresses of Services out of one range. What is taken is read from the Services themselves; only addresses whose Service is still on
 * its way to the disk are remembered here, and for no longer than its request lasts. So there is nothing to repair after a crash.
 */
import { randomInt } from 'node:crypto'
import type { Service } from '../../kube/core.ts'
import type { Store } from '../store/store.ts'
import { invalid, invalidObject } from './field-error.ts'

export interface Taken {
  readonly allocate: (wanted: string | undefined) => string
  readonly close: () => void
}

const toNumber = (address: string): number => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
const toAddress = (n: number): string => [n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255].join('.')

export class ServiceAddresses {
  readonly #first: number
  readonly #size: number
  readonly #underWay = new Set<string>()

  /** An IPv4 range such as `10.96.0.0/16`. */
  constructor(range: string) {
    const [base = '', bits = '16'] = range.split('/')
    this.#first = toNumber(base)
    this.#size = 2 ** (32 - Number(bits))
  }

  /** The address of the `kubernetes` Service. */
  get first(): string {
    return toAddress(this.#first + 1)
  }

  /** Addresses for one request. `close` when it is through: they are in the store by then, or free again. */
  open(store: Store): Taken {
    const mine: string[] = []
    return {
      allocate: wanted => {
        const address = this.#pick(store, wanted)
        this.#underWay.add(address)
        mine.push(address)
        return address
      },
      close: () => {
        for (const address of mine) this.#underWay.delete(address)
      },
    }
  }

  #pick(store: Store, wanted: string | undefined): string {
    const used = new Set(this.#underWay)
    for (const service of store.list({ resource: 'services' }).items as unknown as readonly Service[]) {
      if (service.spec.clusterIP) used.add(service.spec.clusterIP)
    }
    if (wanted !== undefined) {
      const wrong = this.#whyNot(wanted, used)
      if (wrong) throw this.#refusal(wanted, `failed to allocate IP ${wanted}: ${wrong}`)
      return wanted
    }
    // The first is the API server's own; network and broadcast address are nobody's.
    const start = randomInt(2, this.#size - 1)
    for (let i = 0; i < this.#size - 3; i++) {
      const address = toAddress(this.#first + 2 + ((start - 2 + i) % (this.#size - 3)))
      if (!used.has(address)) return address
    }
    throw this.#refusal('', 'failed to allocate a serviceIP: range is full')
  }

  #whyNot(wanted: string, used: ReadonlySet<string>): string | undefined {
    const offset = toNumber(wanted) - this.#first
    if (!(offset > 0 && offset < this.#size - 1)) {
      return `the provided IP (${wanted}) is not in the valid range. The range of valid IPs is ${toAddress(this.#first)}/${32 - Math.log2(this.#size)}`
    }
    return used.has(wanted) ? 'provided IP is already allocated' : undefined
  }

  #refusal = (value: string, why: string) =>
    invalidObject({ group: '', kind: 'Service' }, '', [invalid('spec.clusterIPs', [value], why)])
}
