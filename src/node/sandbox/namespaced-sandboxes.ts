/**
 * Sandboxes with namespaces, `full` (root) or `mount` (unprivileged user namespaces). One in which nothing of its pod can remain is used
 * again: its processes are killed and its folders emptied by a line to its holder, without starting anything, where a new one costs tens of
 * milliseconds of processor time. That is safe because a sandbox promises order, not security: every pod runs as the same user anyway.
 */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../../base/clock.ts'
import type { HostCommands } from '../../base/host-commands.ts'
import { type Answers, openAnswers } from './answers.ts'
import { type Cell, cleanse, mountIn, nameIn, openCell, readRecord, writeRecord } from './cell.ts'
import { type Holder, isAlive, killHolder, parseHolder, readHolder } from './holder.ts'
import { machineMounts } from './machine-mounts.ts'
import { enterAsWrapper, type Namespaced, UNSHARE } from './namespaces.ts'
import type { Sandbox, Sandboxes, SandboxNetwork, Wiring } from './sandbox.ts'
import { HOLDER, START } from './scripts.ts'
import { writeSetUp } from './set-up.ts'
import { makeSlot, removeDoomed, removeSlot, type Slot, type SlotHome, slotAt, slotsIn } from './slot.ts'

export interface NamespacedOptions {
  readonly isolation: Namespaced
  readonly home: SlotHome
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
const START_MS = 10_000
const FIRST_TRIES = 5

/** Throws where this machine does not allow it; `createSandboxes` tries. */
export async function createNamespacedSandboxes(options: NamespacedOptions): Promise<Sandboxes> {
  const { isolation, home, commands, clock, network, newId, limitation, patienceSeconds, log } = options
  const { folder } = home
  const isFull = isolation === 'full'
  const addresses = isFull ? network.bridged : network.shared
  const apiHost = (isFull ? network.hostAddress : undefined) ?? '127.0.0.1'
  const holderScript = join(folder, 'holder.sh')
  const cells = new Set<Cell>()
  const spare: Cell[] = []
  const coming = new Set<Promise<Cell>>()
  let isClosed = false

  mkdirSync(folder, { recursive: true, mode: 0o700 })
  writeFileSync(holderScript, HOLDER, { mode: 0o600 })
  const answers = await openAnswersIn(folder, commands, clock)

  function makeCell(): Promise<Cell> {
    const cell = makeNewCell()
    coming.add(cell)
    const forget = (): void => void coming.delete(cell)
    cell.then(forget, forget)
    return cell
  }

  async function makeNewCell(): Promise<Cell> {
    const slot = slotAt(home, newId())
    const madeAmong = machineMounts()
    const address = addresses.take()
    try {
      makeSlot(slot, isFull ? network.nameservers : [])
      const wiring = isFull ? network.wiring(address) : undefined
      const record = { address, mounted: writeSetUp(slot, isolation, wiring?.inside) }
      const holder = await startHolder(slot, wiring)
      if (isClosed) throw new Error('sandboxes are closed')
      writeRecord(slot, record)
      const cell = openCell(slot, holder, record, true, madeAmong)
      cells.add(cell)
      return cell
    } catch (error) {
      killHolderOf(slot)
      addresses.giveBack(address)
      await removeSlot(slot)
      throw error
    }
  }

  async function startHolder(slot: Slot, wiring: Wiring | undefined): Promise<Holder> {
    const start = ['/bin/sh', '-c', START, 'solvent-sandbox', slot.folder, join(folder, 'answers'), holderScript]
    const values = [String(patienceSeconds), wiring?.switchPath ?? '']
    const { code, stdout, stderr } = await commands.run([...start, ...values, ...UNSHARE[isolation]], {
      stdin: wiring ? `${wiring.outside}\n` : '',
      timeoutMs: START_MS,
    })
    const holder = code === 0 ? parseHolder(stdout) : undefined
    if (!holder) throw new Error(stderr.trim().split('\n')[0] || `no sandbox: exit code ${code}`)
    return holder
  }

  function takeSpare(): Cell | undefined {
    for (;;) {
      const cell = spare.shift()
      if (cell === undefined || isFit(cell)) return cell
      void end(cell)
    }
  }

  async function giveBack(cell: Cell): Promise<void> {
    if (!cell.isTaken) return
    cell.isTaken = false
    const mayBeUsedAgain = cell.isClean && spare.length < MAX_SPARE && isFit(cell)
    if (mayBeUsedAgain && (await cleanse(cell, answers)) && !isClosed) spare.push(cell)
    else await end(cell)
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
      enter: enterAsWrapper(isolation, holder.pid),
      root: slot.root,
      volumes: slot.volumes,
      isCurrent: () => isFit(cell),
      mount: mounts => mountIn(cell, isolation, mounts, commands),
      async setHosts(hostname, entries, resolver) {
        const isNamed = await nameIn(cell, { apiHost, hostname, entries, resolver }, answers)
        if (!isNamed) log(`sandbox ${slot.id} did not take its host name`)
      },
      destroy: () => giveBack(cell),
    }
  }

  // Addresses of an earlier life stay taken until `recover` tells whose pods go on.
  const earlier = [...slotsIn(home)]
  for (const slot of earlier) {
    const record = readRecord(slot)
    if (record) addresses.take(record.address)
  }

  // The first one tells whether this machine allows it. Where there were some before it does: then something was killed meanwhile.
  for (let tries = 1; spare.length === 0; tries++) {
    try {
      spare.push(await makeCell())
    } catch (error) {
      if (earlier.length > 0 && tries < FIRST_TRIES) continue
      answers.close()
      throw error
    }
  }

  return {
    isolation,
    ...(limitation === undefined ? {} : { limitation }),
    async create() {
      return sandboxOf(takeSpare() ?? (await makeCell()))
    },
    async recover(keep) {
      const kept: Sandbox[] = []
      const gone: Promise<void>[] = [removeDoomed(home)]
      for (const slot of earlier.splice(0)) {
        const holder = readHolder(slot.folder)
        const record = readRecord(slot)
        if (keep.includes(slot.id) && holder && record && isAlive(holder)) {
          const cell = openCell(slot, holder, record, false)
          cells.add(cell)
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
      // Whoever asked for these learns that it is too late; their holders must not stay behind.
      await Promise.allSettled(coming)
      for (const slot of earlier) killHolderOf(slot)
      await Promise.all([...[...cells].map(end), ...earlier.splice(0).map(removeSlot)])
      answers.close()
      await network.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** It lives, and shows everything that is mounted on the machine. */
const isFit = ({ holder, madeAmong }: Cell): boolean => isAlive(holder) && madeAmong === machineMounts()

function killHolderOf({ folder }: Slot): void {
  const holder = readHolder(folder)
  if (holder) killHolder(holder)
}

async function openAnswersIn(folder: string, commands: HostCommands, clock: Clock): Promise<Answers> {
  const fifo = join(folder, 'answers')
  if (!existsSync(fifo)) {
    const { code, stderr } = await commands.run(['mkfifo', '-m', '600', fifo])
    if (code !== 0) throw new Error(stderr.trim() || 'mkfifo failed')
  }
  return openAnswers(fifo, clock)
}
