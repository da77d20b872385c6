/**
 * The pods' network: with root a bridge of this cluster's own, on which every sandbox gets a pair of virtual interfaces; without, addresses in
 * 127.0.0.0/8 that the pods share the machine's network by. Which range it is is known at once, before anything is made, since the API
 * server's certificate names the host's end.
 */
import {
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import type { HostCommands } from '../base/host-commands.ts'
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
} from './address-range.ts'
import { type Addresses, createAddresses, oneAddress } from './addresses.ts'
import { hostNetworks } from './host-networks.ts'

export interface PodNetwork {
  /** The host's end of the bridge, at which pods reach the API server; undefined where no bridge is tried. */
  readonly hostAddress: string | undefined
  /** Makes the bridge, or finds it. Why it cannot be, otherwise. */
  open(): Promise<{ readonly ok: true } | { readonly ok: false; readonly message: string }>
  /** For pods on the bridge. */
  readonly bridged: Addresses
  /** For pods that share the machine's network. */
  readonly shared: Addresses
  /** Lines for `ip -batch` that wire a sandbox up: outside with its process id as `$pid`, then inside. */
  wiring(address: string): { readonly outside: string; readonly inside: string }
  /** Removes the bridge and every interface of this cluster. */
  close(): Promise<void>
}

export interface PodNetworkOptions {
  readonly commands: HostCommands
  /** Of this cluster alone; its path decides the range, and what was chosen is remembered in it. */
  readonly folder: string
  readonly platform?: string
  readonly isRoot?: boolean
  /** How long the bridge outlives a server that is gone: until the next one takes it over. */
  readonly patienceSeconds?: number
}

/**
 * A small shell that outlives the server, as the sandboxes do, and removes the bridge when no other server has opened its FIFO in time: whatever is
 * killed, no interface stays behind. Arguments: FIFO, seconds, bridge.
 */
const KEEPER = `PATH=$PATH:/usr/sbin:/sbin:/usr/bin:/bin
expire() {
  trap 'kill $sleeper; exit' TERM
  sleep "$2" &
  sleeper=$!
  wait $sleeper
  echo gone >"$1"
}
while :; do
  expire "$1" "$2" 3<&- &
  expiry=$!
  exec 3<"$1"
  kill $expiry
  wait $expiry
  while read -r word <&3; do
    [ "$word" = gone ] && ip link del "$3"
    exit
  done
done`

export function createPodNetwork({
  commands,
  folder,
  platform = process.platform,
  isRoot = process.getuid?.() === 0,
  patienceSeconds = 15,
}: PodNetworkOptions): PodNetwork {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const seed = realpathSync(folder)
  const mark = hashOf(seed).toString(16).padStart(8, '0')
  const bridge = `slv${mark}`
  const range = platform === 'linux' && isRoot ? rememberedRange(folder, seed, bridge) : undefined
  const hostAddress = range && formatAddress(range.address + 1)

  /** Every interface of this cluster: the bridge and what was plugged into it. */
  const present = (): readonly string[] => {
    try {
      return readdirSync('/sys/class/net').filter(name => name === bridge || name.startsWith(`s${mark}.`))
    } catch {
      return []
    }
  }

  const batch = (lines: readonly string[]) => commands.run(['ip', '-batch', '-'], { stdin: `${lines.join('\n')}\n` })

  const lifeline = join(folder, 'lifeline')
  let held: number | undefined

  /** Takes the keeper of an earlier life over, or starts one. */
  async function keep(): Promise<void> {
    held = openFifo(lifeline)
    if (held !== undefined) return
    const script = `[ -p "$2" ] || mkfifo -m 600 "$2"; setsid sh -c "$1" solvent-bridge "$2" "$3" "$4" </dev/null >/dev/null 2>&1 &`
    await commands.run(['/bin/sh', '-c', script, 'sh', KEEPER, lifeline, String(patienceSeconds), bridge])
    held = openSync(lifeline, constants.O_RDWR | constants.O_NONBLOCK)
  }

  return {
    hostAddress,
    bridged: range ? createAddresses(range, 2) : oneAddress('127.0.0.1'),
    shared: platform === 'linux' ? createAddresses(loopbackRange(seed), 1) : oneAddress('127.0.0.1'),
    async open() {
      if (!range)
        return { ok: false, message: platform === 'linux' ? 'not root' : `no network namespaces on ${platform}` }
      const { code, stderr } = await batch([
        ...(present().includes(bridge) ? [] : [`link add ${bridge} type bridge`]),
        `link set ${bridge} up`,
        `addr replace ${hostAddress}/${range.prefix} dev ${bridge}`,
      ])
      if (code === 0) await keep()
      return code === 0 ? { ok: true } : { ok: false, message: `ip: ${firstLine(stderr) || `exit code ${code}`}` }
    },
    wiring(address) {
      const plug = `s${mark}.${(parseAddress(address) - (range?.address ?? 0)).toString(36)}`
      return {
        outside: `link add ${plug} up master ${bridge} type veth peer name eth0 netns $pid`,
        inside: [
          'link set lo up',
          'link set eth0 up',
          `addr add ${address}/${range?.prefix} dev eth0`,
          `route add default via ${hostAddress}`,
        ].join('\n'),
      }
    },
    async close() {
      if (held !== undefined) {
        writeSync(held, 'closed\n')
        closeSync(held)
        held = undefined
      }
      const names = present()
      // Those of sandboxes that are just ending vanish by themselves: -force goes on past them.
      if (names.length > 0) {
        const stdin = names.map(name => `link del ${name}\n`).join('')
        await commands.run(['ip', '-force', '-batch', '-'], { stdin })
      }
    },
  }
}

/** Undefined where nobody reads from it. */
function openFifo(path: string): number | undefined {
  try {
    return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK)
  } catch {
    return undefined
  }
}

const firstLine = (text: string): string => text.trim().split('\n')[0] ?? ''

/** The range of earlier times as long as nothing else has taken it since; else a new one. */
function rememberedRange(folder: string, seed: string, bridge: string): Network | undefined {
  const file = join(folder, 'range')
  const taken = hostNetworks(bridge)
  const before = readRange(file)
  if (before && !taken.some(network => network.prefix > 8 && overlaps(network, before))) return before
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
