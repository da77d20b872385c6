/**
 * Sandboxes with namespaces, `full` (root) or `mount` (unprivileged user namespaces). One that nothing of its pod can remain in is used again: its
 * processes are killed and its folders emptied by a line to its holder, without starting anything, where a new one costs tens of
 * milliseconds of processor time. That is safe because it promises order, not security: every pod runs as the same user anyway.
 */
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../../base/clock.ts'
import type { HostCommands } from '../../base/host-commands.ts'
import { SERVICE_ACCOUNT_DIR } from '../../kube/names.ts'
import { type Answers, type Orders, openAnswers, openOrders } from './answers.ts'
import { type Holder, isAlive, killHolder, parseHolder, readHolder } from './holder.ts'
import { hostView, rootFacts } from './host-view.ts'
import { hostsText } from './hosts-file.ts'
import {
  type Mounted,
  NOTHING_MOUNTED,
  type PlanResult,
  planMounts,
  planScript,
  quote,
  tableText,
} from './mount-plan.ts'
import { rootScript, rootTable } from './pod-root.ts'
import type { Isolation, Mount, Outcome, Sandbox, Sandboxes, SandboxNetwork } from './sandbox.ts'
import { HOLDER, START } from './scripts.ts'
import {
  emptySlot,
  HOST_NAME,
  HOSTS,
  makeSlot,
  overwrite,
  RESOLVER,
  removeDoomed,
  removeSlot,
  type Slot,
  slotAt,
  slotsIn,
} from './slot.ts'

export interface NamespacedOptions {
  readonly isolation: Exclude<Isolation, 'none'>
  readonly folder: string
  readonly commands: HostCommands
  readonly clock: Clock
  readonly network: SandboxNetwork
  readonly newId: () => string
  readonly limitation?: string
  /** How long sandboxes outlive a server that is gone: until the next one takes them over. */
  readonly patienceSeconds: number
  readonly log: (message: string) => void
}

/** Used sandboxes that are kept for the next pods; more are ended. */
const MAX_SPARE = 16

interface Cell {
  readonly slot: Slot
  readonly holder: Holder
  readonly address: string
  readonly orders: Orders
  mounted: Mounted
  /** No pod's mounts were ever made in it. */
  isClean: boolean
  /** A pod has it. */
  isTaken: boolean
  hostname: string
  text: string
}

interface SlotRecord {
  readonly address: string
  readonly mounted: Mounted
}

/** Throws where this machine does not allow it; `createSandboxes` tries. */
export async function createNamespacedSandboxes(options: NamespacedOptions): Promise<Sandboxes> {
  const { isolation, folder, commands, clock, network, newId, limitation, patienceSeconds, log } = options
  const isFull = isolation === 'full'
  const addresses = isFull ? network.bridged : network.shared
  const apiHost = (isFull ? network.hostAddress : undefined) ?? '127.0.0.1'
  const holderScript = join(folder, 'holder.sh')
  const nsenter = programOnPath('nsenter')
  const cells = new Set<Cell>()
  const spare: Cell[] = []
  let isClosed = false

  mkdirSync(folder, { recursive: true, mode: 0o700 })
  // In a user namespace the holder is the same user; as root others must not matter either.
  chmodSync(folder, 0o700)
  writeFileSync(holderScript, HOLDER, { mode: 0o600 })
  const answers = await openAnswersIn(folder, commands, clock)

  async function makeCell(): Promise<Cell> {
    const slot = slotAt(folder, newId())
    const address = addresses.take()
    try {
      makeSlot(slot)
      mkdirSync(join(slot.folder, 'rootfs'))
      const mounted = writeSetUp(slot, address)
      const holder = await startHolder(slot, isFull ? network.wiring(address).outside : '')
      const record: SlotRecord = { address, mounted }
      writeFileSync(slot.record, JSON.stringify(record), { mode: 0o600 })
      return register(slot, holder, record)
    } catch (error) {
      addresses.giveBack(address)
      killHolderOf(slot)
      await removeSlot(slot)
      throw error
    }
  }

  /** The holder's own work: the root, what every pod has mounted, its end of the wire. */
  function writeSetUp(slot: Slot, address: string): Mounted {
    const root = join(slot.folder, 'rootfs')
    const facts = rootFacts(isFull)
    const rootTableFile = join(slot.folder, 'root.fstab')
    const tableFile = join(slot.folder, 'fixed.fstab')
    const result = plan(slot, fixedMounts(slot, isFull), NOTHING_MOUNTED)
    if (!result.ok) throw new Error(result.message)
    const wiringFile = join(slot.folder, 'wiring')
    const steps = [rootScript(root, rootTableFile, facts), planScript(result.plan, tableFile)]
    if (isFull) {
      writeFileSync(wiringFile, `${network.wiring(address).inside}\n`)
      steps.push(`ip -batch ${quote(wiringFile)}`)
    }
    writeFileSync(rootTableFile, tableText(rootTable(root, facts)))
    writeFileSync(tableFile, tableText(result.plan.table))
    writeFileSync(join(slot.folder, 'setup.sh'), `${steps.join(' &&\n')}\n`)
    return result.plan.mounted
  }

  const plan = (slot: Slot, mounts: readonly Mount[], before: Mounted): PlanResult =>
    planMounts(mounts, before, hostView, {
      isOurs: path => path.startsWith(`${slot.folder}/`),
      inUserNamespace: !isFull,
    })

  async function startHolder(slot: Slot, wiring: string): Promise<Holder> {
    const script = ['/bin/sh', '-c', START, 'solvent-sandbox', slot.folder, join(folder, 'answers'), holderScript]
    const { code, stdout, stderr } = await commands.run(
      [...script, String(patienceSeconds), ...NAMESPACES[isolation]],
      {
        stdin: wiring === '' ? '' : `${wiring}\n`,
        timeoutMs: 10_000,
      },
    )
    const holder = code === 0 ? parseHolder(stdout) : undefined
    if (!holder) throw new Error(stderr.trim().split('\n')[0] || `no sandbox: exit code ${code}`)
    return holder
  }

  function register(slot: Slot, holder: Holder, { address, mounted }: SlotRecord): Cell {
    const orders = openOrders(join(slot.folder, 'control'))
    const cell: Cell = { slot, holder, address, orders, mounted, isClean: true, isTaken: false, hostname: '', text: '' }
    cells.add(cell)
    return cell
  }

  async function order(cell: Cell, verb: string, text = ''): Promise<string | undefined> {
    const { number, answer } = answers.expect(cell.slot.id)
    cell.orders.send(`${verb} ${number} ${text}`)
    return answer
  }

  async function mount(cell: Cell, mounts: readonly Mount[]): Promise<Outcome> {
    const result = plan(cell.slot, mounts, cell.mounted)
    if (!result.ok) return result
    if (result.plan.table.length === 0) return { ok: true }
    cell.isClean = false
    const tableFile = join(cell.slot.folder, 'pod.fstab')
    writeFileSync(tableFile, tableText(result.plan.table))
    const script = planScript(result.plan, tableFile)
    const inside = [nsenter, '--target', `${cell.holder.pid}`, ...ENTER[isolation], '--pid', '--', 'sh', '-c', script]
    const { code, stderr } = await commands.run(inside)
    if (code !== 0) return { ok: false, message: stderr.trim().split('\n')[0] || `mount: exit code ${code}` }
    cell.mounted = result.plan.mounted
    const record: SlotRecord = { address: cell.address, mounted: cell.mounted }
    writeFileSync(cell.slot.record, JSON.stringify(record), { mode: 0o600 })
    return { ok: true }
  }

  async function setHosts(cell: Cell, hostname: string, entries: Parameters<Sandbox['setHosts']>[1]): Promise<void> {
    const text = hostsText({ hostname, address: cell.address, apiHost }, entries)
    if (text !== cell.text) overwrite(cell.slot, HOSTS, text)
    cell.text = text
    if (hostname === cell.hostname) return
    cell.hostname = hostname
    overwrite(cell.slot, HOST_NAME, `${hostname}\n`)
    if ((await order(cell, 'name', hostname)) === undefined) log(`sandbox ${cell.slot.id} did not take its host name`)
  }

  async function giveBack(cell: Cell): Promise<void> {
    if (!cell.isTaken) return
    cell.isTaken = false
    const mayReuse = cell.isClean && spare.length < MAX_SPARE && isAlive(cell.holder)
    if (mayReuse && (await order(cell, 'clean')) === 'clean' && !isClosed) {
      emptySlot(cell.slot)
      cell.hostname = ''
      cell.text = ''
      spare.push(cell)
    } else await end(cell)
  }

  async function end(cell: Cell): Promise<void> {
    if (!cells.delete(cell)) return
    killHolder(cell.holder)
    cell.orders.close()
    addresses.giveBack(cell.address)
    await removeSlot(cell.slot)
  }

  function sandboxOf(cell: Cell): Sandbox {
    cell.isTaken = true
    const { slot, holder, address } = cell
    return {
      id: slot.id,
      address,
      apiHost,
      // No fork: the wrapper stays a child of the spawner, and only what it starts enters the process namespace.
      enter: [nsenter, '--target', `${holder.pid}`, ...ENTER[isolation], '--pid', '--no-fork', '--'],
      root: slot.root,
      volumes: slot.volumes,
      mount: mounts => mount(cell, mounts),
      setHosts: (hostname, entries) => setHosts(cell, hostname, entries),
      destroy: () => giveBack(cell),
    }
  }

  function takeSpare(): Cell | undefined {
    for (;;) {
      const cell = spare.shift()
      if (cell === undefined || isAlive(cell.holder)) return cell
      void end(cell)
    }
  }

  // Addresses of an earlier life stay taken until `recover` tells whose pods go on.
  const earlier = [...slotsIn(folder)]
  for (const slot of earlier) {
    const record = readRecord(slot)
    if (record) addresses.take(record.address)
  }

  // The first one tells whether this machine allows it.
  spare.push(
    await makeCell().catch(async error => {
      answers.close()
      throw error
    }),
  )

  return {
    isolation,
    ...(limitation === undefined ? {} : { limitation }),
    async create() {
      return sandboxOf(takeSpare() ?? (await makeCell()))
    },
    async recover(keep) {
      const kept: Sandbox[] = []
      const gone: Promise<void>[] = [removeDoomed(folder)]
      for (const slot of earlier.splice(0)) {
        const holder = readHolder(slot.folder)
        const record = readRecord(slot)
        if (keep.includes(slot.id) && holder && record && isAlive(holder)) {
          const cell = register(slot, holder, record)
          cell.isClean = false
          kept.push(sandboxOf(cell))
        } else {
          killHolderOf(slot)
          if (record) addresses.giveBack(record.address)
          gone.push(removeSlot(slot))
        }
      }
      await Promise.all(gone)
      return kept
    },
    async close() {
      isClosed = true
      for (const slot of earlier) killHolderOf(slot)
      await Promise.all([...[...cells].map(end), ...earlier.splice(0).map(removeSlot)])
      answers.close()
      await network.close()
    },
  }
}

function killHolderOf({ folder }: Slot): void {
  const holder = readHolder(folder)
  if (holder) killHolder(holder)
}

/** By its path: a container's own PATH may lead elsewhere. */
const programOnPath = (name: string): string =>
  [...(process.env.PATH ?? '').split(':'), '/usr/bin', '/bin', '/usr/sbin', '/sbin']
    .filter(folder => folder !== '')
    .map(folder => join(folder, name))
    .find(existsSync) ?? name

const NAMESPACES: Readonly<Record<'full' | 'mount', readonly string[]>> = {
  full: ['--mount', '--uts', '--pid', '--net', '--fork', '--kill-child', '--propagation', 'slave'],
  mount: ['--user', '--map-root-user', '--mount', '--uts', '--pid', '--fork', '--kill-child', '--propagation', 'slave'],
}

const ENTER: Readonly<Record<'full' | 'mount', readonly string[]>> = {
  full: ['--mount', '--uts', '--net'],
  mount: ['--user', '--preserve-credentials', '--mount', '--uts'],
}

/** In every pod from the start, so that most pods need no mount of their own. What this machine lacks (a resolver, a host name) stays so. */
const fixedMounts = ({ root }: Slot, ownNetwork: boolean): readonly Mount[] => [
  { source: join(root, HOSTS), target: HOSTS, readOnly: false },
  ...[HOST_NAME, ...(ownNetwork ? [RESOLVER] : [])]
    .filter(file => hostView.kindOf(file) === 'file')
    .map(file => ({ source: join(root, file), target: file, readOnly: false })),
  { source: join(root, SERVICE_ACCOUNT_DIR), target: SERVICE_ACCOUNT_DIR, readOnly: false },
]

async function openAnswersIn(folder: string, commands: HostCommands, clock: Clock): Promise<Answers> {
  const fifo = join(folder, 'answers')
  if (!existsSync(fifo)) {
    const { code, stderr } = await commands.run(['mkfifo', '-m', '600', fifo])
    if (code !== 0) throw new Error(stderr.trim() || 'mkfifo failed')
  }
  return openAnswers(fifo, clock)
}

function readRecord({ record }: Slot): SlotRecord | undefined {
  try {
    const { address, mounted } = JSON.parse(readFileSync(record, 'utf8')) as Partial<SlotRecord>
    return address && mounted ? { address, mounted } : undefined
  } catch {
    return undefined
  }
}
