/**
 * The pods' network: with root a router of this cluster's own, to which every sandbox is wired; without, addresses in 127.0.0.0/8 on the
 * machine's network. Which addresses they are is known at once, before anything is made, since the API server's certificate and the
 * addresses of Services wait for it.
 */
import { mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { HostCommands } from '../base/host-commands.ts'
import { invariant } from '../base/invariant.ts'
import {
  addressAt,
  chooseBridgeRange,
  formatNetwork,
  hashOf,
  type Layout,
  layoutOf,
  loopbackRange,
  type Network,
  overlaps,
  parseAddress,
  parseNetwork,
  type Slice,
  sliceOf,
  WIDE,
} from './address-range.ts'
import { type Addresses, createAddresses, oneAddress } from './addresses.ts'
import { hostNetworks } from './host-networks.ts'
import { closeOutside } from './outside.ts'
import { joinSwitch, openSwitch, type Switch } from './switch.ts'

export interface Wiring {
  /** The network namespace of the switch, for `nsenter --net=`. */
  readonly switchPath: string
  /** Lines for `ip -batch` at the switch, with the sandbox's process id as `$pid`. */
  readonly outside: string
  /** Lines for `ip -batch` inside the sandbox. */
  readonly inside: string
}

export interface PodNetwork {
  /** Of this cluster alone; small files may be kept in it. */
  readonly folder: string
  /** The machine's end of the wire, at which pods reach the API server; undefined where no switch is tried. */
  readonly hostAddress: string | undefined
  /** Where pods at the switch find DNS: the server itself, or (where its port was somebody's) by its Service's address. */
  readonly nameservers: readonly string[]
  /** This node's own address: `hostAddress` for the first. */
  readonly nodeAddress: string | undefined
  /** Where Services get their addresses from, as `a.b.c.d/20`. */
  readonly serviceRange: string
  readonly layout: Layout
  /** Makes the switch, or takes an earlier life's over. Why it cannot be, otherwise. Called early, it is ready when it is needed. */
  open(): Promise<{ readonly ok: true } | { readonly ok: false; readonly message: string }>
  /** Undefined until it is open: the network namespace of the switch, for `nsenter --net=`. */
  switchPath(): string | undefined
  /** Name of the machine's end of the wire. */
  readonly wire: string
  /** For pods at the switch. */
  readonly bridged: Addresses
  /** For pods that share the machine's network. */
  readonly shared: Addresses
  /** Once it is open. */
  wiring(address: string): Wiring
  /** The owner's removes the switch and every interface of this cluster. */
  close(): Promise<void>
}

export interface PodNetworkOptions {
  readonly commands: HostCommands
  /** Of this cluster alone; its path decides the range, and what was chosen is remembered in it. */
  readonly folder: string
  readonly platform?: string
  readonly isRoot?: boolean
  /** How long the switch outlives a server that is gone: until the next one takes it over. */
  readonly patienceSeconds?: number
  /** The owner makes the switch and ends it; members (other nodes' agents) hold it too. */
  readonly role?: 'owner' | 'member'
  /** Which part of the pods' addresses is this node's. */
  readonly slice?: Slice
}

/** Of the machine's own addresses, the last but one. */
const ROUTER = 254
/** Of the Services' addresses, as kubeadm has it. */
export const DNS_SERVICE = 10

export function createPodNetwork({
  commands,
  folder,
  platform = process.platform,
  isRoot = mayMakeNetworks(),
  patienceSeconds = 15,
  role = 'owner',
  slice = { index: 0, of: 1 },
}: PodNetworkOptions): PodNetwork {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const seed = realpathSync(folder)
  const wire = wireName(seed)
  const range = platform === 'linux' && isRoot ? rememberedRange(seed, wire) : undefined
  const shared = layoutOf(loopbackRange(seed))
  const layout = range ? layoutOf(range) : shared
  const hostAddress = range && addressAt(layout.machine, 1)
  const nodeAddress = range && addressAt(layout.machine, 1 + slice.index)
  const router = addressAt(layout.machine, ROUTER)
  // Of the first slice the first address is a network's, as people know it.
  const handOut = ({ pods }: Layout): Addresses => createAddresses(sliceOf(pods, slice), 1)
  let opened: Switch | undefined
  let opening: ReturnType<PodNetwork['open']> | undefined

  async function open(): ReturnType<PodNetwork['open']> {
    if (!range || hostAddress === undefined || nodeAddress === undefined) {
      return { ok: false, message: platform === 'linux' ? 'not root' : `no network namespaces on ${platform}` }
    }
    const options = { commands, folder: seed, wire, host: hostAddress, router, layout, patienceSeconds }
    const result = role === 'owner' ? await openSwitch(options) : await joinSwitch(options, nodeAddress)
    if ('problem' in result) return { ok: false, message: result.problem }
    opened = result
    return { ok: true }
  }

  return {
    folder: seed,
    hostAddress,
    nameservers: hostAddress === undefined ? [] : [hostAddress, addressAt(layout.services, DNS_SERVICE)],
    nodeAddress,
    serviceRange: formatNetwork(layout.services),
    layout,
    wire,
    bridged: range ? handOut(layout) : oneAddress('127.0.0.1'),
    shared: platform === 'linux' ? handOut(shared) : oneAddress('127.0.0.1'),
    open() {
      opening ??= open()
      return opening
    },
    switchPath: () => opened?.path,
    wiring(address) {
      invariant(opened && range, 'a sandbox is wired after its network was opened')
      opened.look()
      const plug = `pod${(parseAddress(address) - range.address).toString(36)}`
      return {
        switchPath: opened.path,
        // Each pod is a network of its own, a router's hop away from every other: nothing that they say to each other goes past the router's rules.
        outside: [
          `link add ${plug} up type veth peer name eth0 netns $pid`,
          `route add ${address} dev ${plug} scope link`,
        ].join('\n'),
        inside: [
          'link set lo up',
          'link set eth0 up',
          `addr add ${address}/32 dev eth0`,
          `route add ${router} dev eth0 scope link`,
          `route add default via ${router}`,
        ].join('\n'),
      }
    },
    async close() {
      if (!opened) return
      opened.close()
      opened = undefined
      opening = undefined
      // The namespace takes its end along a little later; this one is gone when we return.
      if (role !== 'owner') return
      // An earlier life may have opened it, even if this one did not come so far.
      await closeOutside({ commands, wire })
      await commands.run(['ip', 'link', 'del', wire])
    },
  }
}

/** Of the machine's end, at most 15 characters: tells clusters apart, and theirs from everybody else's. */
export const wireName = (folder: string): string => `slv${hashOf(folder).toString(16).padStart(8, '0')}`

/** CAP_NET_ADMIN and CAP_SYS_ADMIN (capabilities(7)): a container's root often has neither. */
const NEEDED = (1n << 12n) | (1n << 21n)

function mayMakeNetworks(): boolean {
  if (process.getuid?.() !== 0) return false
  try {
    const [, effective = '0'] = /^CapEff:\s*([0-9a-f]+)/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? []
    return (BigInt(`0x${effective}`) & NEEDED) === NEEDED
  } catch {
    return false
  }
}

/** The range of earlier times as long as nothing else has taken it since; else a new one. */
function rememberedRange(folder: string, wire: string): Network | undefined {
  const file = join(folder, 'range')
  const taken = hostNetworks(wire)
  const before = readRange(file)
  if (before && !taken.some(network => network.prefix > WIDE && overlaps(network, before))) return before
  const range = chooseBridgeRange(folder, taken)
  if (range) writeFileSync(file, `${formatNetwork(range)}\n`, { mode: 0o600 })
  return range
}

function readRange(file: string): Network | undefined {
  try {
    return parseNetwork(readFileSync(file, 'utf8').trim())
  } catch {
    return undefined
  }
}
