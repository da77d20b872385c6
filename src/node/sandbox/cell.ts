/** One living sandbox with namespaces: its holder, and what is done to it by lines to the holder and by commands inside. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { HostCommands } from '../../base/host-commands.ts'
import type { Answers, Orders } from './answers.ts'
import { openOrders } from './answers.ts'
import type { Holder } from './holder.ts'
import { type HostsEntry, hostsText } from './hosts-file.ts'
import { machineMounts } from './machine-mounts.ts'
import { type Mounted, planScript, tableText } from './mount-plan.ts'
import { enterWith, type Namespaced } from './namespaces.ts'
import type { Mount, Outcome } from './sandbox.ts'
import { planFor } from './set-up.ts'
import { emptySlot, HOST_NAME, HOSTS, overwrite, RESOLVER, type Slot } from './slot.ts'

/** What a later life of this state folder must know of a sandbox. */
export interface CellRecord {
  readonly address: string
  readonly mounted: Mounted
}

export interface Cell {
  readonly slot: Slot
  readonly holder: Holder
  readonly address: string
  readonly orders: Orders
  mounted: Mounted
  /** Nothing was ever mounted in it for a pod. */
  isClean: boolean
  /** A pod has it. */
  isTaken: boolean
  /** The machine's mounts when it was made. */
  readonly madeAmong: string
  hostname: string
  hosts: string
  resolver: string | undefined
}

export function openCell(
  slot: Slot,
  holder: Holder,
  { address, mounted }: CellRecord,
  isClean: boolean,
  madeAmong = machineMounts(),
): Cell {
  const orders = openOrders(join(slot.folder, 'control'))
  return {
    slot,
    holder,
    address,
    orders,
    mounted,
    isClean,
    isTaken: false,
    madeAmong,
    hostname: '',
    hosts: '',
    resolver: undefined,
  }
}

export const writeRecord = ({ record }: Slot, value: CellRecord): void =>
  writeFileSync(record, JSON.stringify(value), { mode: 0o600 })

export function readRecord({ record }: Slot): CellRecord | undefined {
  try {
    const { address, mounted } = JSON.parse(readFileSync(record, 'utf8')) as Partial<CellRecord>
    return address && mounted ? { address, mounted } : undefined
  } catch {
    return undefined
  }
}

/** All mounts of a pod by one command. Those that are there already are left alone. */
export async function mountIn(
  cell: Cell,
  isolation: Namespaced,
  mounts: readonly Mount[],
  commands: HostCommands,
): Promise<Outcome> {
  const { slot, holder, address } = cell
  const result = planFor(slot, isolation, mounts, cell.mounted)
  if (!result.ok) return result
  if (result.plan.table.length === 0) return { ok: true }
  cell.isClean = false
  const table = join(slot.folder, 'pod.fstab')
  writeFileSync(table, tableText(result.plan.table))
  const script = ['/bin/sh', '-c', planScript(result.plan, table)]
  const { code, stderr } = await commands.run(enterWith(isolation, holder.pid, script))
  if (code !== 0) return { ok: false, message: stderr.trim().split('\n')[0] || `mount: exit code ${code}` }
  cell.mounted = result.plan.mounted
  writeRecord(slot, { address, mounted: cell.mounted })
  return { ok: true }
}

export interface PodNaming {
  readonly apiHost: string
  readonly hostname: string
  readonly entries: readonly HostsEntry[]
  readonly resolver: string | undefined
}

/** False when the holder does not answer. */
export async function nameIn(
  cell: Cell,
  { apiHost, hostname, entries, resolver }: PodNaming,
  answers: Answers,
): Promise<boolean> {
  const answersByDns = resolver !== undefined
  const text = hostsText({ hostname, address: cell.address, apiHost: answersByDns ? undefined : apiHost }, entries)
  // Pods of one namespace share it: mostly it is there from the pod before.
  if (answersByDns && resolver !== cell.resolver) overwrite(cell.slot, RESOLVER, resolver)
  if (answersByDns) cell.resolver = resolver
  if (text !== cell.hosts) overwrite(cell.slot, HOSTS, text)
  cell.hosts = text
  if (hostname === cell.hostname) return true
  cell.hostname = hostname
  overwrite(cell.slot, HOST_NAME, `${hostname}\n`)
  return (await order(cell, answers, 'name', hostname)) !== undefined
}

const CLEAN_TRIES = 40
const CLEAN_AGAIN_MS = 3

/** Kills everything inside and empties the folders; false where anything of the pod may remain. */
export async function cleanse(cell: Cell, answers: Answers): Promise<boolean> {
  if ((await orderClean(cell, answers)) !== 'clean') return false
  emptySlot(cell.slot)
  cell.hostname = ''
  cell.hosts = ''
  return true
}

/** Asked again while killed processes are still on their way out: the kernel takes some milliseconds where both cores are busy. */
async function orderClean(cell: Cell, answers: Answers): Promise<string | undefined> {
  for (let tries = 1; ; tries++) {
    const answer = await order(cell, answers, 'clean')
    if (answer !== 'busy' || tries === CLEAN_TRIES) return answer
    await new Promise(resume => setTimeout(resume, CLEAN_AGAIN_MS))
  }
}

async function order({ slot, orders }: Cell, answers: Answers, verb: string, text = ''): Promise<string | undefined> {
  const { number, answer } = answers.expect(slot.id)
  orders.send(`${verb} ${number} ${text}`)
  return answer
}
