/**
 * Pods' way to the world outside: the machine forwards for them and lends them its address. That is all that is ever changed on the machine itself: one
 * table, and `ip_forward`. What that was before is written into the table (the name of an empty chain), so that whoever removes the last table
 * of a cluster knows what to put back, however the clusters ended that made it.
 */
import { readFileSync } from 'node:fs'
import type { HostCommands } from '../base/host-commands.ts'
import type { Network } from './address-range.ts'
import { formatNetwork } from './address-range.ts'

export interface OutsideOptions {
  readonly commands: HostCommands
  /** Name of the machine's end of the wire: of this cluster alone. */
  readonly wire: string
}

const PREFIX = 'solvent-'
const tableOf = (wire: string): string => `${PREFIX}${wire}`

const PATHS = 'PATH=$PATH:/usr/sbin:/sbin:/usr/bin:/bin'
const FORWARDING = '/proc/sys/net/ipv4/ip_forward'

/** What is there of ours, by table: what `ip_forward` was before the first of them. */
async function presentTables(commands: HostCommands): Promise<ReadonlyMap<string, string> | undefined> {
  const { code, stdout } = await commands.run(['/bin/sh', '-c', `${PATHS}; exec nft list chains ip`])
  return code === 0 ? parseTables(stdout) : undefined
}

export function parseTables(text: string): ReadonlyMap<string, string> {
  const tables = text.split(/^table ip /m).slice(1)
  return new Map(
    tables.flatMap(table => {
      const [name = ''] = table.split(/\s/)
      const [, was] = /^\s*chain was-(\d)/m.exec(table) ?? []
      return name.startsWith(PREFIX) && was !== undefined ? [[name, was] as const] : []
    }),
  )
}

/** Undefined: done. Else why not. */
export async function openOutside({
  commands,
  wire,
  range,
}: OutsideOptions & { readonly range: Network }): Promise<string | undefined> {
  if (!hasWayOut()) return 'this machine has no way out itself'
  const present = await presentTables(commands)
  if (present === undefined) return 'nft is not installed'
  const [was = (await commands.run(['cat', FORWARDING])).stdout.trim()] = present.values()
  if (!/^\d$/.test(was)) return `${FORWARDING} cannot be read`
  const table = tableOf(wire)
  const rules = [
    `add table ip ${table}`,
    `delete table ip ${table}`,
    `add table ip ${table}`,
    `add chain ip ${table} was-${was}`,
    `add chain ip ${table} postrouting { type nat hook postrouting priority srcnat; }`,
    `add rule ip ${table} postrouting ip saddr ${formatNetwork(range)} oifname != "${wire}" masquerade`,
  ]
  const script = `${PATHS}; nft -f - && { [ ${was} = 1 ] || echo 1 >${FORWARDING}; }`
  const { code, stderr } = await commands.run(['/bin/sh', '-c', script], { stdin: `${rules.join('\n')}\n` })
  return code === 0 ? undefined : stderr.trim().split('\n')[0] || `exit code ${code}`
}

/** Removes this cluster's table, and with the last of all puts `ip_forward` back. */
export async function closeOutside({ commands, wire }: OutsideOptions): Promise<void> {
  const present = await presentTables(commands)
  const table = tableOf(wire)
  const was = present?.get(table)
  if (present === undefined || was === undefined) return
  const putBack = present.size === 1 && was === '0' ? `; echo 0 >${FORWARDING}` : ''
  await commands.run(['/bin/sh', '-c', `${PATHS}; nft delete table ip ${table}${putBack}`])
}

/** A default route, as /proc/net/route has it. */
function hasWayOut(): boolean {
  try {
    return readFileSync('/proc/net/route', 'utf8')
      .split('\n')
      .some(line => /^\S+\t00000000\t(?!00000000)/.test(line))
  } catch {
    return false
  }
}
