/** Makes a store: on a disk, with all that it holds already, or in memory only. */
import { Compaction } from './compaction.ts'
import type { Disk } from './disk.ts'
import { History } from './history.ts'
import { recover } from './recovery.ts'
import { RevisionedStore } from './revisioned-store.ts'
import type { Store } from './store.ts'

export interface StoreOptions {
  /** How many of the newest changes watches and past lists can read; what is older has expired. */
  readonly historyEvents?: number
  /** The same in bytes of JSON. */
  readonly historyBytes?: number
  /** The same in time; looked at when something changes, so that a quiet store keeps what it has. */
  readonly historyAgeMs?: number
  /** Milliseconds that never go back. */
  readonly nowMs?: () => number
  /** The journal is compacted when it is larger than this and than the last snapshot. */
  readonly compactBytes?: number
  /** Told what somebody should know and no caller can be told. */
  readonly warn?: (message: string) => void
}

const MB = 1024 ** 2
/** Upstream keeps five to ten minutes of changes, as long as they fit into its memory. */
const DEFAULTS = { historyEvents: 100_000, historyBytes: 32 * MB, historyAgeMs: 600_000, compactBytes: 8 * MB }

/** Throws where the folder is damaged (not merely crashed upon) or unreadable. */
export async function openStore(disk: Disk, options: StoreOptions = {}): Promise<Store> {
  const { compactBytes, warn = () => {} } = { ...DEFAULTS, ...options }
  const { snapshot, snapshotBytes, changes, journal } = await recover(disk)
  const compaction = new Compaction(disk, journal, { leastBytes: compactBytes, snapshotBytes, warn })
  const store = new RevisionedStore(historyOf(options), { journal, compaction })
  store.restore(snapshot, changes)
  return store
}

export const memoryStore = (options: StoreOptions = {}): Store => new RevisionedStore(historyOf(options))

function historyOf(options: StoreOptions): History {
  const { historyEvents, historyBytes, historyAgeMs } = { ...DEFAULTS, ...options }
  const bounds = { events: historyEvents, bytes: historyBytes, ageMs: historyAgeMs }
  return new History(bounds, options.nowMs ?? (() => performance.now()))
}
