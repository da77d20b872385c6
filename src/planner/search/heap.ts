/** A binary heap: the least by key comes first; equal keys in the order in which they were put. */

interface Item<T> {
  readonly key: number
  readonly turn: number
  readonly value: T
}

export class Heap<T> {
  readonly #items: Item<T>[] = []
  #turn = 0

  get leastKey(): number {
    return this.#items[0]?.key ?? Number.POSITIVE_INFINITY
  }

  put(key: number, value: T): void {
    const items = this.#items
    const item = { key, turn: this.#turn++, value }
    let at = items.length
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!isBefore(item, items[parent]!)) break
      items[at] = items[parent]!
      at = parent
    }
    items[at] = item
  }

  take(): T | undefined {
    const items = this.#items
    const first = items[0]
    const last = items.pop()
    if (!first || !last || items.length === 0) return first?.value
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= items.length) break
      if (child + 1 < items.length && isBefore(items[child + 1]!, items[child]!)) child++
      if (!isBefore(items[child]!, last)) break
      items[at] = items[child]!
      at = child
    }
    items[at] = last
    return first.value
  }
}

const isBefore = <T>(a: Item<T>, b: Item<T>): boolean => a.key < b.key || (a.key === b.key && a.turn < b.turn)
