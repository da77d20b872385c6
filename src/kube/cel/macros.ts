/** What the macros make of a list or a map: quantifiers, maps, filters; one function each over a walk through the elements. */

import { isTrue } from './access.ts'
import { compareValues } from './compare.ts'
import type { Frame } from './frame.ts'
import { CelError, CelList, CelMap, type CelValue, MapValue } from './values.ts'

type Steps = Iterable<readonly [key: CelValue, item: CelValue]>

/** Puts each element into its slots, one after the other. */
export function* walk(
  range: CelValue,
  frame: Frame,
  first: number,
  second: number | undefined,
): Generator<readonly [CelValue, CelValue]> {
  if (range instanceof CelList) {
    for (let i = 0; i < range.size; i++) {
      frame.spend(1)
      const item = range.at(i)
      const index = BigInt(i)
      frame.slots[first] = second === undefined ? item : index
      if (second !== undefined) frame.slots[second] = item
      yield [index, item]
    }
    return
  }
  if (!(range instanceof CelMap)) throw new CelError('no such overload')
  for (const key of range.keys()) {
    frame.spend(1)
    const value = second === undefined ? null : (range.get(key) ?? null)
    frame.slots[first] = key
    if (second !== undefined) frame.slots[second] = value
    yield [key, key]
  }
}

type Collect = (steps: Steps, body: () => CelValue, filter: (() => boolean) | undefined) => CelValue

/** True as soon as one is; an error counts only if no other element decides. */
function quantify(steps: Steps, body: () => CelValue, decisive: boolean): CelValue {
  let failure: CelError | undefined
  for (const _ of steps) {
    try {
      const value = body()
      if (typeof value !== 'boolean') failure ??= new CelError('no such overload')
      else if (value === decisive) return decisive
    } catch (error) {
      if (!(error instanceof CelError)) throw error
      failure ??= error
    }
  }
  if (failure) throw failure
  return !decisive
}

const existsOne: Collect = (steps, body) => {
  let count = 0
  for (const _ of steps) if (isTrue(body())) count++
  return count === 1
}

export const transform: Collect = (steps, body, filter) => {
  const items: CelValue[] = []
  for (const _ of steps) if (!filter || filter()) items.push(body())
  return new CelList(items)
}

export const COLLECT: Readonly<Record<string, Collect>> = {
  all: (steps, body) => quantify(steps, body, false),
  exists: (steps, body) => quantify(steps, body, true),
  exists_one: existsOne,
  existsOne,
  map: transform,
  transformList: transform,
  filter: (steps, body) => {
    const items: CelValue[] = []
    for (const [, item] of steps) if (isTrue(body())) items.push(item)
    return new CelList(items)
  },
  sortBy: (steps, body) => {
    const keyed: (readonly [CelValue, CelValue])[] = []
    for (const [, item] of steps) keyed.push([body(), item])
    return new CelList(keyed.sort(([a], [b]) => compareValues(a, b)).map(([, item]) => item))
  },
  transformMap: (steps, body, filter) => {
    const entries: [CelValue, CelValue][] = []
    for (const [key] of steps) if (!filter || filter()) entries.push([key, body()])
    return new MapValue(entries)
  },
  transformMapEntry: (steps, body, filter) => {
    const entries: (readonly [CelValue, CelValue])[] = []
    for (const _ of steps) if (!filter || filter()) entries.push(...entriesOf(body()))
    return new MapValue(entries)
  },
}

function entriesOf(value: CelValue): (readonly [CelValue, CelValue])[] {
  if (!(value instanceof CelMap)) throw new CelError('no such overload')
  return [...value.keys()].map(key => [key, value.get(key) ?? null] as const)
}
