/**
 * A snapshot: the whole state at one revision in `snapshot-<revision>`, so that older journal segments can go. Written beside the writes in
 * small steps (every step waits for the disk, and others run meanwhile) under a temporary name; it counts once it has its own.
 */
import { invariant } from '../../base/invariant.ts'
import { decodeChange, encodeEntry } from './change-record.ts'
import type { Disk } from './disk.ts'
import type { Encoded } from './encoded.ts'
import { decodeRecords, encodeRecord } from './record.ts'
import type { StoreKey } from './store.ts'

export interface Snapshot {
  readonly revision: number
  readonly entries: readonly (readonly [key: StoreKey, object: Encoded])[]
}

const FORMAT = 1
/** Small enough that encoding a step takes well under a millisecond. */
const STEP_BYTES = 64 * 1024
export const TEMPORARY = '.tmp'

export const snapshotName = (revision: number): string => `snapshot-${String(revision).padStart(16, '0')}`

export function parseSnapshotName(name: string): number | undefined {
  const [, revision] = /^snapshot-(\d{16})$/.exec(name) ?? []
  return revision === undefined ? undefined : Number(revision)
}

/** Returns its size when it is safe under its name. Where it throws, at most a temporary file is left. */
export async function writeSnapshot(disk: Disk, { revision, entries }: Snapshot): Promise<number> {
  const name = snapshotName(revision)
  const file = await disk.create(name + TEMPORARY)
  let bytes = 0
  try {
    for (const step of steps({ revision, entries })) {
      await file.append(step)
      bytes += step.length
    }
    await file.sync()
  } finally {
    await file.close()
  }
  await disk.rename(name + TEMPORARY, name)
  await disk.syncFolder()
  return bytes
}

function* steps({ revision, entries }: Snapshot): Generator<Uint8Array> {
  let step: Uint8Array[] = [encodeRecord(JSON.stringify([FORMAT, revision, entries.length]))]
  let bytes = 0
  for (const [key, object] of entries) {
    const record = encodeEntry(key, object)
    step.push(record)
    bytes += record.length
    if (bytes < STEP_BYTES) continue
    yield Buffer.concat(step)
    step = []
    bytes = 0
  }
  yield Buffer.concat(step)
}

/** Throws where the file is not whole: it was synced before it had its name, so this is damage, not a crash. */
export function decodeSnapshot(name: string, file: Uint8Array): Snapshot {
  const [head, ...rest] = decodeRecords(file)
  const [format, revision, count] = (head ? JSON.parse(head.payload.toString()) : []) as [number?, number?, number?]
  if (format !== FORMAT || revision === undefined || rest.length !== count) {
    throw new Error(`${name} is damaged: ${rest.length} of ${count ?? 'an unknown number of'} objects are readable`)
  }
  invariant(name === snapshotName(revision), `${name} holds revision ${revision}`)
  const entries = rest.map(({ payload }) => {
    const { key, object } = decodeChange(payload)
    invariant(object !== undefined, `${name} holds an object that is none`)
    return [key, object] as const
  })
  return { revision, entries }
}
