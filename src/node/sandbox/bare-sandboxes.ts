/** Sandboxes where a machine allows no namespaces (macOS, locked-down containers): a folder and an address each. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { hostsText } from './hosts-file.ts'
import type { Addresses, Sandbox, Sandboxes } from './sandbox.ts'
import {
  HOST_NAME,
  HOSTS,
  makeSlot,
  overwrite,
  removeDoomed,
  removeSlot,
  type Slot,
  type SlotHome,
  slotAt,
  slotsIn,
} from './slot.ts'

export interface BareOptions {
  readonly home: SlotHome
  readonly addresses: Addresses
  readonly newId: () => string
  readonly limitation: string
}

const API_HOST = '127.0.0.1'

export function createBareSandboxes({ home, addresses, newId, limitation }: BareOptions): Sandboxes {
  mkdirSync(home.folder, { recursive: true, mode: 0o700 })

  const sandboxIn = (slot: Slot, address: string): Sandbox => ({
    id: slot.id,
    address,
    apiHost: API_HOST,
    enter: [],
    root: slot.root,
    volumes: slot.volumes,
    isCurrent: () => true,
    mount: async () => ({ ok: false, message: `no mount namespaces on this machine: ${limitation}` }),
    async setHosts(hostname, entries) {
      overwrite(slot, HOST_NAME, `${hostname}\n`)
      overwrite(slot, HOSTS, hostsText({ hostname, address, apiHost: API_HOST }, entries))
    },
    async destroy() {
      addresses.giveBack(address)
      await removeSlot(slot)
    },
  })

  return {
    isolation: 'none',
    limitation,
    async create() {
      const slot = slotAt(home, newId())
      makeSlot(slot)
      const address = addresses.take()
      writeFileSync(slot.record, JSON.stringify({ address }), { mode: 0o600 })
      return sandboxIn(slot, address)
    },
    async recover(keep) {
      const kept: Sandbox[] = []
      const gone: Promise<void>[] = [removeDoomed(home)]
      for (const slot of slotsIn(home)) {
        const address = keep.includes(slot.id) ? readAddress(slot) : undefined
        if (address === undefined) gone.push(removeSlot(slot))
        else kept.push(sandboxIn(slot, addresses.take(address)))
      }
      await Promise.all(gone)
      return kept
    },
    async close() {
      await Promise.all(slotsIn(home).map(removeSlot))
    },
  }
}

function readAddress({ record }: Slot): string | undefined {
  try {
    const { address } = JSON.parse(readFileSync(record, 'utf8')) as { address?: unknown }
    return typeof address === 'string' ? address : undefined
  } catch {
    return undefined
  }
}
