/** From the ranks' orders to the table: who waits for whom, and an order of all actions in which nobody waits for a later one. */
import { invariant } from '../../base/invariant.ts'
import type { ScheduleName } from '../training/layout.ts'
import { ACTION_KINDS, BACKWARD, FORWARD, INPUT, passes, type Schedule, type ScheduleShape } from './action.ts'
import { cellOf, isPairedCode, kindOf, type Lane } from './lane.ts'
import { placeStages } from './shape.ts'

export type Tabulated =
  | { readonly ok: true; readonly schedule: Schedule }
  | { readonly ok: false; readonly because: string }

type Columns = Pick<Schedule, 'kind' | 'stage' | 'microBatch' | 'isPaired' | 'firstOfRank'>

/** For orders of ours, which are right. */
export function tabulate(name: ScheduleName, shape: ScheduleShape, lanes: readonly Lane[]): Schedule {
  const table = tryTabulate(name, shape, lanes)
  invariant(table.ok, table.ok ? '' : `${name} ${JSON.stringify(shape)}: ${table.because}`)
  return table.schedule
}

/** For orders that were read from a file: says what is missing, doubled, or waits for itself. */
export function tryTabulate(
  name: ScheduleName,
  shape: ScheduleShape,
  lanes: readonly Lane[],
  { depth, rankOfStage } = placeStages(name, shape),
): Tabulated {
  const head = { ...shape, name, depth, numStages: rankOfStage.length, rankOfStage }
  const columns = columnsOf(shape.microBatches, lanes)
  const places = placesOf(head, columns)
  if (typeof places === 'string') return { ok: false, because: places }
  const needs = needsOf(head, columns, places)
  const order = orderOf(columns, needs)
  if (typeof order === 'string') return { ok: false, because: order }
  const waitsFor = needs.map((needed, i) =>
    needed >= 0 && rankAt(head, columns, needed) === rankAt(head, columns, i) ? -1 : needed,
  )
  return { ok: true, schedule: { ...head, ...columns, waitsFor, order } }
}

type Head = Pick<Schedule, 'depth' | 'numStages' | 'rankOfStage' | 'microBatches'>
const rankAt = (head: Head, columns: Columns, i: number): number => head.rankOfStage[columns.stage[i]!]!

function columnsOf(microBatches: number, lanes: readonly Lane[]): Columns {
  const total = lanes.reduce((sum, lane) => sum + lane.codes.length, 0)
  const columns = {
    kind: new Uint8Array(total),
    stage: new Int32Array(total),
    microBatch: new Int32Array(total),
    isPaired: new Uint8Array(total),
    firstOfRank: new Int32Array(lanes.length + 1),
  }
  let i = 0
  lanes.forEach(({ codes }, rank) => {
    for (const code of codes) {
      const cell = cellOf(code)
      columns.kind[i] = kindOf(code)
      columns.stage[i] = Math.floor(cell / microBatches)
      columns.microBatch[i] = cell % microBatches
      columns.isPaired[i] = isPairedCode(code) ? 1 : 0
      i++
    }
    columns.firstOfRank[rank + 1] = i
  })
  return columns
}

/** Where the forward, the backward (B or I) and the weight part of each stage and micro-batch stand in the table. */
interface Places {
  readonly forward: Int32Array
  readonly backward: Int32Array
  readonly weight: Int32Array
}

function placesOf(head: Head, columns: Columns): Places | string {
  const { microBatches, numStages } = head
  const empty = (): Int32Array => new Int32Array(numStages * microBatches).fill(-1)
  const places = { forward: empty(), backward: empty(), weight: empty() }
  const of = [places.forward, places.backward, places.backward, places.weight]
  for (let rank = 0; rank + 1 < columns.firstOfRank.length; rank++) {
    for (let i = columns.firstOfRank[rank]!; i < columns.firstOfRank[rank + 1]!; i++) {
      const stage = columns.stage[i]!
      const cell = stage * microBatches + columns.microBatch[i]!
      const place = of[columns.kind[i]!]!
      if (head.rankOfStage[stage] !== rank) return `stage ${stage} is not on rank ${rank}`
      if (place[cell] !== -1) return `${nameAt(columns, i)} is there twice`
      place[cell] = i
    }
  }
  return missingIn(head, columns, places) ?? places
}

function missingIn(head: Head, columns: Columns, { forward, backward, weight }: Places): string | undefined {
  for (let stage = 0; stage < head.numStages; stage++) {
    for (let microBatch = 0; microBatch < head.microBatches; microBatch++) {
      if (!passes(head, stage, microBatch)) continue
      const cell = stage * head.microBatches + microBatch
      const [f, b, w] = [forward[cell]!, backward[cell]!, weight[cell]!]
      if (f < 0 || b < 0) return `${stage}${f < 0 ? 'F' : 'B'}${microBatch} is missing`
      if (b < f) return `${nameAt(columns, b)} comes before its forward`
      const isSplit = columns.kind[b] === INPUT
      if (isSplit !== w >= 0)
        return `${stage}W${microBatch} ${isSplit ? 'is missing' : 'comes on top of a whole backward'}`
      if (isSplit && w < b) return `${stage}W${microBatch} comes before ${nameAt(columns, b)}`
    }
  }
  return undefined
}

/** Forward waits for the stage before, backward for the stage after; own earlier actions are kept by the rank's order. */
function needsOf(
  { depth, microBatches }: Head,
  { kind, stage, microBatch }: Columns,
  { forward, backward }: Places,
): Int32Array {
  const needs = new Int32Array(kind.length).fill(-1)
  for (let i = 0; i < kind.length; i++) {
    const place = stage[i]! % depth
    const cell = stage[i]! * microBatches + microBatch[i]!
    if (kind[i] === FORWARD && place > 0) needs[i] = forward[cell - microBatches]!
    if ((kind[i] === BACKWARD || kind[i] === INPUT) && place < depth - 1) needs[i] = backward[cell + microBatches]!
  }
  return needs
}

/** Each rank runs as far as it can, in turns, until all are through; a turn without progress is a deadlock. */
function orderOf(columns: Columns, needs: Int32Array): Int32Array | string {
  const { firstOfRank, isPaired, kind } = columns
  const next = firstOfRank.slice(0, -1)
  const isDone = new Uint8Array(kind.length)
  const order = new Int32Array(kind.length)
  let length = 0
  const isReady = (i: number): boolean => needs[i]! < 0 || isDone[needs[i]!] === 1
  for (let done = 0; done < kind.length; ) {
    const before = done
    for (let rank = 0; rank < next.length; rank++) {
      let i = next[rank]!
      for (const end = firstOfRank[rank + 1]!; i < end && isReady(i) && (!isPaired[i] || isReady(i + 1)); ) {
        order[length++] = i
        const until = isPaired[i] ? i + 2 : i + 1
        done += until - i
        while (i < until) isDone[i++] = 1
      }
      next[rank] = i
    }
    if (done === before) return deadlock(columns, next)
  }
  return order.slice(0, length)
}

function deadlock(columns: Columns, next: Int32Array): string {
  const rank = next.findIndex((i, r) => i < columns.firstOfRank[r + 1]!)
  return `rank ${rank} waits for ever before ${nameAt(columns, next[rank]!)}`
}

const nameAt = ({ kind, stage, microBatch }: Columns, i: number): string =>
  `${stage[i]}${ACTION_KINDS[kind[i]!]}${microBatch[i]}`
