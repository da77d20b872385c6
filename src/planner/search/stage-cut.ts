/**
 * Layers to virtual stages so that the slowest stage is as fast as it can be, embedding and head counted in. Greedy filling up to a limit
 * decides whether a limit can be met (contiguous pieces, so greedy is exact); a bisection finds the least limit, and a last pass spreads
 * the slack. A few microseconds, since the search asks for thousands.
 */
import { invariant } from '../../base/invariant.ts'

export interface Extras {
  readonly first: number
  readonly last: number
}

/** Numbers of layers, `numStages` of them, each at least 1. */
export function cutEvenly(layerCosts: ArrayLike<number>, extras: Extras, numStages: number): readonly number[] {
  const layers = layerCosts.length
  invariant(numStages >= 1 && numStages <= layers, `${numStages} stages of ${layers} layers`)
  if (numStages === 1) return [layers]
  const sums = new Float64Array(layers + 1)
  let largest = 0
  for (let i = 0; i < layers; i++) {
    sums[i + 1] = sums[i]! + layerCosts[i]!
    largest = Math.max(largest, layerCosts[i]!)
  }
  const total = sums[layers]! + extras.first + extras.last
  let low = total / numStages
  let high = low + largest + extras.first + extras.last
  // 40 halvings: the limit is known to a trillionth of a stage.
  for (let i = 0; i < 40 && high - low > 1e-9 * high; i++) {
    const middle = (low + high) / 2
    if (fill(sums, extras, numStages, middle)) high = middle
    else low = middle
  }
  return spread(sums, extras, numStages, high)
}

/** Whether pieces of at most `limit` suffice. Takes layers from the last to the first, so that early stages, which hold more micro-batches, are the light ones. */
function fill(sums: Float64Array, extras: Extras, numStages: number, limit: number): boolean {
  let end = sums.length - 1
  for (let stage = numStages - 1; stage >= 0; stage--) {
    const begin = lowestBegin(sums, end, stage, limit - extraOf(extras, stage, numStages))
    if (begin === end) return false
    end = begin
  }
  return end === 0
}

/** The first layer of a stage that ends before `end`, costs at most `room` and leaves a layer for each stage before it. */
function lowestBegin(sums: Float64Array, end: number, stage: number, room: number): number {
  const floor = sums[end]! - room
  let low = stage
  let high = end
  while (low < high) {
    const middle = (low + high) >> 1
    if (sums[middle]! >= floor) high = middle
    else low = middle + 1
  }
  return low
}

/** Pieces within `limit`, each as near to the mean of what is left as it may be. */
function spread(sums: Float64Array, extras: Extras, numStages: number, limit: number): readonly number[] {
  const layers = sums.length - 1
  const stages: number[] = []
  let begin = 0
  for (let stage = 0; stage < numStages; stage++) {
    const left = numStages - stage
    if (left === 1) {
      stages.push(layers - begin)
      break
    }
    const own = extraOf(extras, stage, numStages)
    const mean = (sums[layers]! - sums[begin]! + own + extras.last) / left
    const most = layers - left + 1
    let end = begin + 1
    while (end < most && sums[end + 1]! - sums[begin]! + own <= mean) end++
    // What follows must still fit; taking more here is always allowed up to the limit.
    while (end < most && !restFits(sums, extras, left - 1, end, limit)) end++
    stages.push(end - begin)
    begin = end
  }
  return stages
}

function restFits(sums: Float64Array, extras: Extras, numStages: number, begin: number, limit: number): boolean {
  let end = sums.length - 1
  for (let stage = numStages - 1; stage >= 0; stage--) {
    const room = limit - (stage === numStages - 1 ? extras.last : 0)
    const floor = sums[end]! - room
    let low = begin + stage
    let high = end
    while (low < high) {
      const middle = (low + high) >> 1
      if (sums[middle]! >= floor) high = middle
      else low = middle + 1
    }
    if (low === end) return false
    end = low
  }
  return end === begin
}

const extraOf = (extras: Extras, stage: number, numStages: number): number =>
  (stage === 0 ? extras.first : 0) + (stage === numStages - 1 ? extras.last : 0)
