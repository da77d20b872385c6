/**
 * Which addresses a cluster's pods get, pure. A range is picked by a hash of the state folder, so that clusters that live at the same time
 * on one machine differ, and moved on until it meets nothing that the machine knows already.
 */
import { createHash } from 'node:crypto'

/** Addresses as unsigned 32-bit numbers; `prefix` is the length of the network part. */
export interface Network {
  readonly address: number
  readonly prefix: number
}

export const parseAddress = (text: string): number =>
  text.split('.').reduce((number, part) => number * 256 + Number(part), 0)

export const formatAddress = (address: number): string =>
  [24, 16, 8, 0].map(shift => (address >>> shift) & 255).join('.')

export const formatNetwork = ({ address, prefix }: Network): string => `${formatAddress(address)}/${prefix}`

export function parseNetwork(text: string): Network | undefined {
  const [, address, prefix] = /^(\d+\.\d+\.\d+\.\d+)\/(\d+)$/.exec(text) ?? []
  return address === undefined ? undefined : { address: parseAddress(address), prefix: Number(prefix) }
}

export const sizeOf = ({ prefix }: Network): number => 2 ** (32 - prefix)

export const overlaps = (a: Network, b: Network): boolean =>
  a.address < b.address + sizeOf(b) && b.address < a.address + sizeOf(a)

/** What a cluster takes: half of it for pods, and of the rest a part for Services and a part for the machine itself. */
const PREFIX = 17
/** 10.128.0.0/9: away from the low tens, where Kubernetes, Docker and clouds put theirs. */
const BRIDGE_SPACE: Network = { address: parseAddress('10.128.0.0'), prefix: 9 }
const LOOPBACK_SPACE: Network = { address: parseAddress('127.0.0.0'), prefix: 8 }

/** First 32 bits of SHA-256: the same folder gets the same range again. */
export const hashOf = (text: string): number => createHash('sha256').update(text).digest().readUInt32BE(0)

const rangeOf = (space: Network, index: number): Network => {
  const count = 2 ** (PREFIX - space.prefix)
  return { address: space.address + (index % count) * 2 ** (32 - PREFIX), prefix: PREFIX }
}

/** A route this wide is a private network as a whole (10.0.0.0/8 of a VPN) or the default: a narrower one of ours may lie in it. */
export const WIDE = 8

/** Undefined where every range is taken. */
export function chooseBridgeRange(seed: string, taken: readonly Network[]): Network | undefined {
  const narrow = taken.filter(network => network.prefix > WIDE)
  const start = hashOf(seed)
  const count = 2 ** (PREFIX - BRIDGE_SPACE.prefix)
  for (let i = 0; i < count; i++) {
    const range = rangeOf(BRIDGE_SPACE, start + i)
    if (!narrow.some(network => overlaps(network, range))) return range
  }
  return undefined
}

/** In 127.0.0.0/8, of which Linux owns every address; never the first /17, where people's own servers listen. */
export function loopbackRange(seed: string): Network {
  const count = 2 ** (PREFIX - LOOPBACK_SPACE.prefix)
  return rangeOf(LOOPBACK_SPACE, 1 + (hashOf(seed) % (count - 1)))
}

export interface Layout {
  /** As a whole: what is routed to the cluster. */
  readonly all: Network
  /** 16,382 of them: pods of one machine's nodes, with room for those that are being cleared away. */
  readonly pods: Network
  readonly services: Network
  /** The machine's own: its nodes from .1 on, the router at .254. */
  readonly machine: Network
}

export function layoutOf({ address, prefix }: Network): Layout {
  const services = { address: address + 2 ** 14, prefix: 20 }
  return {
    all: { address, prefix },
    pods: { address, prefix: 18 },
    services,
    machine: { address: services.address + sizeOf(services), prefix: 24 },
  }
}

export interface Slice {
  readonly index: number
  /** How many nodes share the range; rounded up to a power of two. */
  readonly of: number
}

export function sliceOf({ address, prefix }: Network, { index, of }: Slice): Network {
  const bits = Math.ceil(Math.log2(Math.max(of, index + 1)))
  const part = { address, prefix: prefix + bits }
  return { ...part, address: address + index * sizeOf(part) }
}

export const addressAt = ({ address }: Network, offset: number): string => formatAddress(address + offset)
