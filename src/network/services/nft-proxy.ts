/** Forwardings in the kernel: a table in the switch's namespace, changed by a resident nft and written anew when that was lost. */
import { randomInt } from 'node:crypto'
import type { Forwarding } from './forwarding.ts'
import {
  changedTable,
  parseCounters,
  type RulesPlace,
  TABLE,
  type TableState,
  wholeTable,
  type Zones,
  zonesAfter,
} from './nft-rules.ts'
import { type NftSession, type NftSessionOptions, openNftSession } from './nft-session.ts'
import type { Refusal, ServiceProxy } from './service-proxy.ts'

export interface NftProxyOptions extends NftSessionOptions {
  /** May change: nodes come and go. */
  readonly place: () => RulesPlace
  readonly log: (message: string) => void
}

const NO_ZONES: Zones = new Map()

/** The line that says what, of those that say where. */
const complaintOf = (output: string): string => /Error: .*/.exec(output)?.[0] ?? output.split('\n')[0] ?? ''

/** Everything that is used, in a table that is gone again: a kernel may lack any of it. */
const PROBE = [
  wholeTable(
    ['tcp', 'udp'].flatMap((protocol, i) =>
      [undefined, 60].map((affinitySeconds, j): Forwarding => {
        const backends = [1, 2].map(host => ({ address: `127.0.0.${host}`, port: 80 }))
        const place = { addresses: [`127.0.1.${2 * i + j}`], port: 80, nodePort: 30_000 + j }
        const rest = { isLocalOnly: false, isMetered: true, ...(affinitySeconds ? { affinitySeconds } : {}) }
        return { key: `${protocol}/${j}`, protocol: protocol as 'tcp' | 'udp', ...place, backends, ...rest }
      }),
    ),
    { machine: { address: 0, prefix: 8 }, nodeRanges: new Map() },
    new Map([['udp/0', 1]]),
  ),
  `delete table ${TABLE}`,
]
  .join('\n')
  .replaceAll(TABLE, `${TABLE}-probe`)

/** Or why this machine has none. */
export async function openNftProxy(options: NftProxyOptions): Promise<ServiceProxy | { readonly problem: string }> {
  const { place, log } = options
  const opened = await openNftSession(options)
  if ('problem' in opened) return opened
  let session: NftSession = opened
  const tried = await session.run(PROBE)
  if (!tried.ok) {
    session.close()
    return { problem: complaintOf(tried.output) }
  }
  /** What the kernel has; undefined: not known. */
  let present: TableState | undefined
  const firstZone = randomInt(1, 60_000)
  let placed = ''

  async function reopen(): Promise<void> {
    session.close()
    present = undefined
    const again = await openNftSession(options)
    if ('problem' in again) throw new Error(again.problem)
    session = again
  }

  async function write(forwardings: readonly Forwarding[]): Promise<readonly Refusal[]> {
    const where = place()
    const now = JSON.stringify([...where.nodeRanges])
    const isChange = present !== undefined && now === placed
    const { forwardings: before = [], zones: zonesBefore = NO_ZONES } = present ?? {}
    const zones = zonesAfter(zonesBefore, before, forwardings, firstZone)
    const next = { forwardings, zones }
    const text =
      isChange && present ? changedTable(present, next, where).join('\n') : wholeTable(forwardings, where, zones)
    if (text === '') return []
    const { ok, output } = await session.run(text)
    if (ok) {
      present = next
      placed = now
      return []
    }
    present = undefined
    log(`nft: ${complaintOf(output)}`)
    if (isChange) {
      await reopen()
      return write(forwardings)
    }
    return writeOneByOne(forwardings, where)
  }

  /** One that the kernel refuses must not take the others along. */
  async function writeOneByOne(forwardings: readonly Forwarding[], where: RulesPlace): Promise<readonly Refusal[]> {
    const refused: Refusal[] = []
    let taken: TableState = { forwardings: [], zones: NO_ZONES }
    await session.run(wholeTable([], where))
    for (const each of forwardings) {
      const next = { ...taken, forwardings: [...taken.forwardings, each] }
      const { ok, output } = await session.run(changedTable(taken, next, where).join('\n'))
      if (ok) taken = next
      else refused.push({ key: each.key, message: complaintOf(output) })
    }
    return refused
  }

  return {
    kind: 'nftables',
    apply: write,
    async traffic() {
      if (!present?.forwardings.some(each => each.isMetered)) return new Map()
      const { ok, output } = await session.run(`list counters table ${TABLE}`)
      return ok ? parseCounters(output) : new Map()
    },
    async close() {
      session.close()
    },
  }
}
