/**
 * The pods' network: with root a switch of this cluster's own, to which every sandbox is wired; without, addresses in 127.0.0.0/8 on the machine's
 * network. Which range it is is known at once, before anything is made, since the API server's certificate names the machine's end.
 */
import { mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { HostCommands } from '../base/host-commands.ts'
import { invariant } from '../base/invariant.ts'
import {
  chooseBridgeRange,
  formatAddress,
  formatNetwork,
  hashOf,
  loopbackRange,
  type Network,
  overlaps,
  parseAddress,
  parseNetwork,
  WIDE,
} from './address-range.ts'
import { type Addresses, createAddresses, oneAddress } from './addresses.ts'
import { hostNetworks } from './host-networks.ts'
import { BRIDGE, openSwitch, type Switch } from './switch.ts'

export interface Wiring {
  /** The network namespace of the switch, for `nsenter --net=`. */
  readonly switchPath: string
  /** Lines for `ip -batch` at the switch, with the sandbox's process id as `$pid`. */
  readonly outside: string
  /** Lines for `ip -batch` inside the sandbox. */
  readonly inside: string
}

export interface PodNetwork {
  /** The machine's end of the wire, at which pods reach the API server; undefined where no switch is tried. */
  readonly hostAddress: string | undefined
  /** Makes the switch, or takes an earlier life's over. Why it cannot be, otherwise. Called early, it is ready when it is needed. */
  open(): Promise<{ readonly ok: true } | { readonly ok: false; readonly message: string }>
  /** For pods at the switch. */
  readonly bridged: Addresses
  /** For pods that share the machine's network. */
  readonly shared: Addresses
  /** Once it is open. */
  wiring(address: string): Wiring
  /** Removes the switch and every interface of this cluster. */
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
}

export function createPodNetwork({
  commands,
  folder,
  platform = process.platform,
  isRoot = process.getuid?.() === 0,
  patienceSeconds = 15,
}: PodNetworkOptions): PodNetwork {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const seed = realpathSync(folder)
  const wire = wireName(seed)
  const range = platform === 'linux' && isRoot ? rememberedRange(folder, seed, wire) : undefined
  const hostAddress = range && formatAddress(range.address + 1)
  let opened: Switch | undefined
  let opening: ReturnType<PodNetwork['open']> | undefined

  async function open(): ReturnType<PodNetwork['open']> {
    if (!range || hostAddress === undefined) {
      return { ok: false, message: platform === 'linux' ? 'not root' : `no network namespaces on ${platform}` }
    }
    const { prefix } = range
    const result = await openSwitch({ commands, folder: seed, wire, address: hostAddress, prefix, patienceSeconds })
    if ('problem' in result) return { ok: false, message: result.problem }
    opened = result
    return { ok: true }
  }

  return {
    hostAddress,
    bridged: range ? createAddresses(range, 2) : oneAddress('127.0.0.1'),
    shared: platform === 'linux' ? createAddresses(loopbackRange(seed), 1) : oneAddress('127.0.0.1'),
    open() {
      opening ??= open()
      return opening
    },
    wiring(address) {
      invariant(opened && range, 'a sandbox is wired after its network was opened')
      opened.look()
      const plug = `pod${(parseAddress(address) - range.address).toString(36)}`
      return {
        switchPath: opened.path,
        outside: `link add ${plug} up master ${BRIDGE} type veth peer name eth0 netns $pid`,
        inside: [
          'link set lo up',
          'link set eth0 up',
          `addr add ${address}/${range.prefix} dev eth0`,
          `route add default via ${hostAddress}`,
        ].join('\n'),
      }
    },
    async close() {
      if (!opened) return
      opened.close()
      opened = undefined
      opening = undefined
      // The namespace takes its end along a little later; this one is gone when we return.
      await commands.run(['ip', 'link', 'del', wire])
    },
  }
}

/** Of the machine's end, at most 15 characters: tells clusters apart, and theirs from everybody else's. */
export const wireName = (folder: string): string => `slv${hashOf(folder).toString(16).padStart(8, '0')}`

/** The range of earlier times as long as nothing else has taken it since; else a new one. */
function rememberedRange(folder: string, seed: string, wire: string): Network | undefined {
  const file = join(folder, 'range')
  const taken = hostNetworks(wire)
  const before = readRange(file)
  if (before && !taken.some(network => network.prefix > WIDE && overlaps(network, before))) return before
  const range = chooseBridgeRange(seed, taken)
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
