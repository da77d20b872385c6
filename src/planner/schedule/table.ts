/** From the ranks' orders to the table: who waits for whom, and an order of all actions in which nobody waits for a later one. */
import { invariant } from '../../base/invariant.ts'
import type { ScheduleName } from '../training/layout.ts'
import { ACTION_KINDS, BACKWARD, FORWARD, INPUT, passes, type Schedule, type ScheduleShape, WEIGHT } from './action.ts'
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
  return { ok: true, schedule: { ...head, ...columns, waitsFor: onlyOfOtherRanks(head, columns, needs), order } }
}

type Head = Pick<Schedule, 'depth' | 'numStages' | 'rankOfStage' | 'microBatches'>

function columnsOf(microBatches: number, lanes: readonly Lane[]): Columns {
  const total = lanes.reduce((sum, lane) => sum + lane.codes.length, 0)
  const kind = new Uint8Array(total)
  const stage = new Int32Array(total)
  const microBatch = new Int32Array(total)
  const isPaired = new Uint8Array(total)
  const firstOfRank = new Int32Array(lanes.length + 1)
  let i = 0
  for (let rank = 0; rank < lanes.length; rank++) {
    const { codes } = lanes[rank]!
    for (let k = 0; k < codes.length; k++, i++) {
      const code = codes[k]!
      const cell = cellOf(code)
      const s = (cell / microBatches) | 0
      kind[i] = kindOf(code)
      stage[i] = s
      microBatch[i] = cell - s * microBatches
      isPaired[i] = isPairedCode(code) ? 1 : 0
    }
    firstOfRank[rank + 1] = i
  }
  return { kind, stage, microBatch, isPaired, firstOfRank }
}

/** Where the forward and the backward (B or I) of each stage and micro-batch stand in the table, or -1. */
interface Places {
  readonly forward: Int32Array
  readonly backward: Int32Array
}

function placesOf(head: Head, columns: Columns): Places | string {
  const { microBatches, numStages, rankOfStage } = head
  const { firstOfRank, kind, stage, microBatch } = columns
  const empty = (): Int32Array => new Int32Array(numStages * microBatches).fill(-1)
  const [forward, backward, weight] = [empty(), empty(), empty()]
  const of = [forward, backward, backward, weight]
  for (let rank = 0; rank + 1 < firstOfRank.length; rank++) {
    for (let i = firstOfRank[rank]!; i < firstOfRank[rank + 1]!; i++) {
      const cell = stage[i]! * microBatches + microBatch[i]!
      const place = of[kind[i]!]!
      if (rankOfStage[stage[i]!] !== rank) return `stage ${stage[i]} is not on rank ${rank}`
      if (place[cell] !== -1) return `${nameAt(columns, i)} is there twice`
      place[cell] = i
      if (kind[i] === FORWARD) continue
      if (forward[cell] === -1) return `${nameAt(columns, i)} comes before its forward`
      const input = kind[i] === WEIGHT ? backward[cell]! : i
      if (input === -1 || (kind[i] === WEIGHT && kind[input] !== INPUT))
        return `${nameAt(columns, i)} comes before its input part`
    }
  }
  return missingIn(head, columns, forward, backward, weight) ?? { forward, backward }
}

function missingIn(
  head: Head,
  { kind }: Columns,
  forward: Int32Array,
  backward: Int32Array,
  weight: Int32Array,
): string | undefined {
  for (let stage = 0, cell = 0; stage < head.numStages; stage++) {
    for (let microBatch = 0; microBatch < head.microBatches; microBatch++, cell++) {
      const b = backward[cell]!
      if (b >= 0 && (kind[b] === BACKWARD || weight[cell]! >= 0)) continue
      if (!passes(head, stage, microBatch)) continue
      const missing = b >= 0 ? 'W' : forward[cell]! >= 0 ? 'B' : 'F'
      return `${stage}${missing}${microBatch} is missing`
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
    if (kind[i] === WEIGHT) continue
    const place = stage[i]! % depth
    const cell = stage[i]! * microBatches + microBatch[i]!
    if (kind[i] !== FORWARD) {
      if (place < depth - 1) needs[i] = backward[cell + microBatches]!
    } else if (place > 0) needs[i] = forward[cell - microBatches]!
  }
  return needs
}

/** What lies on the same rank comes earlier there anyway: nothing to wait for. */
function onlyOfOtherRanks({ rankOfStage }: Head, { stage }: Columns, needs: Int32Array): Int32Array {
  const waitsFor = new Int32Array(needs.length)
  for (let i = 0; i < needs.length; i++) {
    const needed = needs[i]!
    waitsFor[i] = needed >= 0 && rankOfStage[stage[needed]!] !== rankOfStage[stage[i]!] ? needed : -1
  }
  return waitsFor
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
