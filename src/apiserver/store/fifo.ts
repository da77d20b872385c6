/** A queue in one array: O(1) at both ends, and what has left is not held. */
export class Fifo<T> {
  private items: (T | undefined)[] = []
  private head = 0

  get length(): number {
    return this.items.length - this.head
  }

  /** Undefined when empty. */
  get first(): T | undefined {
    return this.items[this.head]
  }

  push(item: T): void {
    this.items.push(item)
  }

  /** Undefined when empty. */
  shift(): T | undefined {
    if (this.length === 0) return undefined
    const item = this.items[this.head]
    this.items[this.head++] = undefined
    if (this.head * 2 > this.items.length) {
      this.items = this.items.slice(this.head)
      this.head = 0
    }
    return item
  }

  /** The items at the end, in order, as far back as `belongs` holds. */
  takeWhileFromEnd(belongs: (item: T) => boolean): readonly T[] {
    let first = this.items.length
    while (first > this.head && belongs(this.items[first - 1]!)) first--
    return this.items.slice(first) as T[]
  }
}
