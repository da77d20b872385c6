/**
 * A load on the store and what must hold after a crash in its midst. The disk's own log is the witness: what was acknowledged or seen by a
 * watch is noted there, between the operations that were to make it safe.
 */
import { type ChangeRecord, decodeChange } from '../../src/apiserver/store/change-record.ts'
import { openStore } from '../../src/apiserver/store/open-store.ts'
import { decodeRecords } from '../../src/apiserver/store/record.ts'
import type { Store, StoreKey } from '../../src/apiserver/store/store.ts'
import { isSame } from '../../src/kube/equal.ts'
import type { UnknownObject } from '../../src/kube/object.ts'
import { isApiError } from '../../src/kube/status.ts'
import type { Operation, SimulatedDisk } from './simulated-disk.ts'

type Note =
  /** An answer to a writer, or an event of a watch: the world knows this revision. */
  | { readonly kind: 'told'; readonly revision: number }
  /** Writers were told that nothing happened: what was staged above this revision must never come back. */
  | { readonly kind: 'refused'; readonly above: number }

/** Position to object, at a revision. */
export interface State {
  readonly revision: number
  readonly objects: ReadonlyMap<string, UnknownObject>
}

export const EMPTY: State = { revision: 0, objects: new Map() }

const RESOURCES = ['pods', 'configmaps'] as const
/** Small, so that a load turns many pages and writes many snapshots. */
export const COMPACT_BYTES = 3000

export function stateOf(store: Store): State {
  const objects = RESOURCES.flatMap(resource =>
    store.list({ resource }).items.map(object => [`${resource}/${object.metadata.name}`, object] as const),
  )
  return { revision: store.revision, objects: new Map(objects) }
}

/** Writers that create, update and remove at once, each `steps` times. The disk's log tells of it. */
export async function runLoad(
  disk: SimulatedDisk,
  random: () => number,
  { writers, steps }: { readonly writers: number; readonly steps: number },
): Promise<readonly Operation[]> {
  const store = await openStore(disk, { compactBytes: COMPACT_BYTES })
  const note = (note: Note): void => disk.note(note)
  // What was recovered can be read from now on.
  note({ kind: 'told', revision: store.revision })
  const watching = RESOURCES.map(async resource => {
    for await (const events of store.watch({ resource }, store.revision)) {
      for (const { revision } of events) note({ kind: 'told', revision })
    }
  })
  const write = async (writer: number): Promise<void> => {
    for (let step = 0; step < steps; step++) {
      const key = { resource: RESOURCES[step % 2]!, namespace: '', name: `o${Math.floor(random() * 8)}` }
      const next = random() < 0.25 ? undefined : objectOf(key, `${writer}.${step}`, Math.floor(random() * 200))
      try {
        const written = await store.write(key, () => next)
        if (written) note({ kind: 'told', revision: Number(written.metadata.resourceVersion) })
      } catch (error) {
        if (!isApiError(error, 'InsufficientStorage', 'InternalError')) throw error
        note({ kind: 'refused', above: store.revision })
      }
    }
  }
  await Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)))
  await store.close()
  await Promise.all(watching)
  return disk.log
}

const objectOf = ({ resource, name }: StoreKey, token: string, filler: number): UnknownObject => ({
  apiVersion: 'v1',
  kind: resource,
  metadata: { name },
  token,
  filler: 'x'.repeat(filler),
})

type Attempts = ReadonlyMap<number, ChangeRecord>

/**
 * Says what is wrong with the state that was recovered from a crash after `operations`; nothing when all is well. Where the disk would not
 * even cut off what it had refused (`mayComeBack`), that may come back whole until a later write is acknowledged.
 */
export function whatIsWrong(
  before: State,
  operations: readonly Operation[],
  recovered: State,
  mayComeBack = false,
): string | undefined {
  const told = toldIn(operations)
  if (recovered.revision < told) return `revision ${recovered.revision} was recovered, ${told} had been told`
  const { attempts, refused } = attemptsIn(operations)
  const wrong = differenceFrom(before, attempts, recovered)
  const cameBack = mayComeBack && refused.some(each => differenceFrom(before, each, recovered) === undefined)
  return cameBack ? undefined : wrong
}

function differenceFrom(before: State, attempts: Attempts, recovered: State): string | undefined {
  const objects = new Map(before.objects)
  for (let revision = before.revision + 1; revision <= recovered.revision; revision++) {
    const change = attempts.get(revision)
    if (!change) return `revision ${revision} was recovered, but nothing of it can be on the disk`
    const position = `${change.key.resource}/${change.key.name}`
    if (change.object) objects.set(position, change.object.object)
    else objects.delete(position)
  }
  const positions = [...new Set([...objects.keys(), ...recovered.objects.keys()])]
  const wrong = positions.find(position => !isSame(objects.get(position), recovered.objects.get(position)))
  return wrong && `${wrong} at revision ${recovered.revision} is ${JSON.stringify(recovered.objects.get(wrong))}`
}

const toldIn = (operations: readonly Operation[]): number =>
  operations.reduce((most, operation) => {
    const note = operation.kind === 'note' ? (operation.note as Note) : undefined
    return note?.kind === 'told' ? Math.max(most, note.revision) : most
  }, 0)

/** By revision, the newest change that went to the disk whole and was not refused; and the same before each refusal that nothing sealed. */
function attemptsIn(operations: readonly Operation[]): {
  readonly attempts: Attempts
  readonly refused: readonly Attempts[]
} {
  let attempts = new Map<number, ChangeRecord>()
  let refused: Map<number, ChangeRecord>[] = []
  let above = 0
  for (const operation of operations) {
    if (operation.kind === 'append') {
      for (const change of changesIn(operation.bytes)) attempts.set(change.revision, change)
    } else if (operation.kind === 'note') {
      const note = operation.note as Note
      if (note.kind === 'told') {
        if (note.revision <= above) continue
        // What came back and was then seen by the world is as good as any other.
        if (!attempts.has(note.revision)) attempts = refused.findLast(each => each.has(note.revision)) ?? attempts
        refused = []
        continue
      }
      above = note.above
      refused.push(new Map(attempts))
      for (const revision of attempts.keys()) if (revision > above) attempts.delete(revision)
    }
  }
  return { attempts, refused }
}

/** A journal's records have five parts, a snapshot's four. */
const changesIn = (bytes: Uint8Array): readonly ChangeRecord[] =>
  [...decodeRecords(bytes)].flatMap(({ payload }) =>
    JSON.parse(payload.toString()).length === 5 ? [decodeChange(payload)] : [],
  )
