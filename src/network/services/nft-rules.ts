/**
 * Forwardings as nftables commands, pure (kube-proxy's nftables mode, pkg/proxy/nftables, has the idea). One map leads from address, protocol and
 * port to a chain a forwarding; what changes is one chain, filled anew in one transaction. What no chain takes ends at the router, which refuses.
 */
import type { Network } from '../address-range.ts'
import { formatNetwork } from '../address-range.ts'
import type { Backend, Forwarding } from './forwarding.ts'

export const TABLE = 'ip solvent'

export interface RulesPlace {
  /** The machine's own addresses in the cluster: node ports are theirs. */
  readonly machine: Network
  /** Which addresses are of which node's pods, for traffic that stays on its node. */
  readonly nodeRanges: ReadonlyMap<string, Network>
}

/**
 * Connection tracking keeps leading a UDP client to the backend that it had, even to one that is gone. So each UDP forwarding is tracked in a
 * zone of its own, and moves to the next one when a backend leaves: every client is led anew.
 */
export type Zones = ReadonlyMap<string, number>

const MAX_ZONE = 65_535

export function zonesAfter(
  zones: Zones,
  before: readonly Forwarding[],
  after: readonly Forwarding[],
  first: number,
): Zones {
  const old = new Map(before.map(each => [each.key, each]))
  return new Map(
    after
      .filter(({ protocol }) => protocol === 'udp')
      .map(({ key, backends }) => {
        const zone = zones.get(key) ?? first
        const kept = new Set(backends.map(nameOf))
        const hasLost = old.get(key)?.backends.some(backend => !kept.has(nameOf(backend))) ?? false
        return [key, hasLost ? (zone % MAX_ZONE) + 1 : zone] as const
      }),
  )
}

const nameOf = ({ address, port }: Backend): string => `${address}:${port}`

/** An address of the cluster whose node is the machine itself. */
const HAIRPIN = 'hairpin'

/** Everything, in the place of whatever an earlier life left, at once. */
export function wholeTable(forwardings: readonly Forwarding[], place: RulesPlace, zones: Zones = new Map()): string {
  const machine = formatNetwork(place.machine)
  return [
    `add table ${TABLE}`,
    `delete table ${TABLE}`,
    `add table ${TABLE}`,
    `add map ${TABLE} services { type ipv4_addr . inet_proto . inet_service : verdict; }`,
    `add map ${TABLE} node-ports { type inet_proto . inet_service : verdict; }`,
    `add map ${TABLE} meters { type ipv4_addr . inet_proto . inet_service : counter; }`,
    `add set ${TABLE} ${HAIRPIN} { type ipv4_addr . ipv4_addr; }`,
    `add chain ${TABLE} prerouting { type nat hook prerouting priority dstnat; }`,
    `add chain ${TABLE} postrouting { type nat hook postrouting priority srcnat; }`,
    `add rule ${TABLE} prerouting ip daddr . meta l4proto . th dport vmap @services`,
    `add rule ${TABLE} prerouting ip daddr ${machine} meta l4proto . th dport vmap @node-ports`,
    // Who reaches itself would not know its own address as another's.
    `add rule ${TABLE} postrouting ip saddr . ip daddr @${HAIRPIN} masquerade`,
    // Named by what it is compared with: zones have no name as a type.
    `add map ${TABLE} zones { typeof ip daddr . udp dport : ct zone; }`,
    `add chain ${TABLE} tracking { type filter hook prerouting priority raw; }`,
    `add rule ${TABLE} tracking ct original zone set ip daddr . udp dport map @zones`,
    ...changedTable({ forwardings: [], zones: new Map() }, { forwardings, zones }, place),
  ].join('\n')
}

export interface TableState {
  readonly forwardings: readonly Forwarding[]
  readonly zones: Zones
}

/** What makes `after` of `before`. Empty: nothing. */
export function changedTable(from: TableState, to: TableState, place: RulesPlace): readonly string[] {
  const { forwardings: before } = from
  const { forwardings: after } = to
  const old = new Map(before.map(each => [each.key, each]))
  const kept = new Set(after.map(each => each.key))
  const gone = before.filter(each => !kept.has(each.key))
  const changed = after.filter(each => JSON.stringify(old.get(each.key)) !== JSON.stringify(each))
  const [entriesBefore, entriesAfter] = [from, to].map(
    ({ forwardings, zones }) => new Set(forwardings.flatMap(each => entriesOf(each, zones))),
  ) as [Set<string>, Set<string>]
  return [
    ...meterChanges(before, after),
    ...[...entriesBefore]
      .filter(entry => !entriesAfter.has(entry))
      .map(entry => `delete element ${TABLE} ${keyOnly(entry)}`),
    ...gone.flatMap(removal),
    ...changed.flatMap(each => filled(each, old.get(each.key), place)),
    ...[...entriesAfter].filter(entry => !entriesBefore.has(entry)).map(entry => `add element ${TABLE} ${entry}`),
  ]
}

/** Elements of the maps and the set. What several share is there once. */
function entriesOf(
  { key, protocol, addresses, port, nodePort, backends }: Forwarding,
  zones: Zones,
): readonly string[] {
  const zone = zones.get(key)
  return [
    ...(zone === undefined ? [] : addresses.map(address => `zones { ${address} . ${port} : ${zone} }`)),
    ...(backends.length === 0
      ? []
      : addresses.map(address => `services { ${address} . ${protocol} . ${port} : goto ${key} }`)),
    ...(nodePort === undefined || backends.length === 0
      ? []
      : [`node-ports { ${protocol} . ${nodePort} : goto ${key} }`]),
    ...backends.map(({ address }) => `${HAIRPIN} { ${address} . ${address} }`),
  ]
}

const keyOnly = (entry: string): string => entry.replace(/ : .* }$/, ' }')

const affinitySet = (key: string, { address, port }: Backend): string => `at/${key}/${address}/${port}`

const setsOf = ({ key, affinitySeconds, backends }: Forwarding): readonly string[] =>
  affinitySeconds === undefined ? [] : backends.map(backend => affinitySet(key, backend))

function removal(gone: Forwarding): readonly string[] {
  return [
    `flush chain ${TABLE} ${gone.key}`,
    `delete chain ${TABLE} ${gone.key}`,
    ...setsOf(gone).map(set => `delete set ${TABLE} ${set}`),
  ]
}

function filled(forwarding: Forwarding, before: Forwarding | undefined, place: RulesPlace): readonly string[] {
  const { key, affinitySeconds } = forwarding
  const present = before && before.affinitySeconds === affinitySeconds ? setsOf(before) : []
  const stale = before ? setsOf(before).filter(set => !present.includes(set) || !setsOf(forwarding).includes(set)) : []
  return [
    `${before ? 'flush' : 'add'} chain ${TABLE} ${key}`,
    ...stale.map(set => `delete set ${TABLE} ${set}`),
    ...setsOf(forwarding)
      .filter(set => !present.includes(set))
      .map(set => `add set ${TABLE} ${set} { type ipv4_addr; flags dynamic,timeout; timeout ${affinitySeconds}s; }`),
    ...rulesOf(forwarding, place).map(rule => `add rule ${TABLE} ${key} ${rule}`),
  ]
}

function rulesOf(forwarding: Forwarding, { nodeRanges, machine }: RulesPlace): readonly string[] {
  const { backends, isLocalOnly } = forwarding
  if (backends.length === 0) return []
  if (!isLocalOnly || nodeRanges.size < 2) return choice(forwarding, backends, '')
  const [first] = nodeRanges.keys()
  return [...nodeRanges].flatMap(([node, range]) => {
    const own = backends.filter(backend => backend.node === node)
    const sources = [range, ...(node === first ? [machine] : [])].map(formatNetwork).join(', ')
    return own.length === 0 ? [] : choice(forwarding, own, `ip saddr { ${sources} } `)
  })
}

/** One of them by chance. With affinity first the one that the client was led to before; where it is led is remembered. */
function choice(
  { key, protocol, affinitySeconds }: Forwarding,
  backends: readonly Backend[],
  condition: string,
): readonly string[] {
  const match = `${condition}meta l4proto ${protocol}`
  if (affinitySeconds === undefined) return [`${match} dnat to ${oneOf(backends)}`]
  const to = ({ address, port }: Backend): string => `${address}:${port}`
  const remember = (backend: Backend): string => `update @${affinitySet(key, backend)} { ip saddr }`
  const again = backends.map(
    backend => `${match} ip saddr @${affinitySet(key, backend)} ${remember(backend)} dnat to ${to(backend)}`,
  )
  // Each takes its part of what those before it left.
  const anew = backends.map((backend, i) => {
    const left = backends.length - i
    const chance = left > 1 ? `numgen random mod ${left} 0 ` : ''
    return `${match} ${chance}${remember(backend)} dnat to ${to(backend)}`
  })
  return [...again, ...anew]
}

function oneOf(backends: readonly Backend[]): string {
  const [first] = backends
  if (first && backends.length === 1) return `${first.address}:${first.port}`
  const pairs = backends.map(({ address, port }, i) => `${i} : ${address} . ${port}`)
  return `numgen random mod ${backends.length} map { ${pairs.join(', ')} }`
}

/** Packets of a metered forwarding, in both directions; the rule that counts is there only while somebody is metered. */
function meterChanges(before: readonly Forwarding[], after: readonly Forwarding[]): readonly string[] {
  const [old, now] = [before, after].map(
    each => new Map(each.filter(({ isMetered }) => isMetered).map(one => [one.key, one])),
  )
  const counter = (key: string): string => `meter/${key}`
  const element = ({ key, addresses, protocol, port }: Forwarding): string =>
    `meters { ${addresses[0]} . ${protocol} . ${port} : "${counter(key)}" }`
  const gone = [...old!.values()].filter(({ key }) => !now!.has(key))
  const fresh = [...now!.values()].filter(({ key }) => !old!.has(key))
  return [
    ...gone.flatMap(each => [
      `delete element ${TABLE} ${keyOnly(element(each))}`,
      `delete counter ${TABLE} ${counter(each.key)}`,
    ]),
    ...(old!.size > 0 && now!.size === 0 ? [`flush chain ${TABLE} count`, `delete chain ${TABLE} count`] : []),
    ...fresh.flatMap(each => [`add counter ${TABLE} ${counter(each.key)}`, `add element ${TABLE} ${element(each)}`]),
    ...(old!.size === 0 && now!.size > 0
      ? [
          `add chain ${TABLE} count { type filter hook forward priority filter; }`,
          `add rule ${TABLE} count meta l4proto { tcp, udp } counter name ct original ip daddr . meta l4proto . ct original proto-dst map @meters`,
        ]
      : []),
  ]
}

/** What `list counters` says, by key. */
export function parseCounters(text: string): ReadonlyMap<string, number> {
  const found = text.matchAll(/counter (?:"?)meter\/(\S+?)"? \{\s*packets (\d+)/g)
  return new Map([...found].map(([, key = '', packets]) => [key, Number(packets)]))
}
