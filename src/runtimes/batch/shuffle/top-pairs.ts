/** The k pairs with the largest values, in a heap whose root is the least of them. Ties go to the smaller key, so that every run agrees. */
import { shortened, UserError } from '../failure.ts'

export type Scalar = string | number

export interface TopPair {
  readonly key: Scalar
  readonly value: Scalar
}

/** Negative when `a` comes before `b` in the answer. */
function compareTop(a: TopPair, b: TopPair): number {
  if (typeof a.value !== typeof b.value) {
    throw new UserError(`the value ${shortened(b.value)} cannot be compared with ${shortened(a.value)}`)
  }
  if (a.value !== b.value) return a.value > b.value ? -1 : 1
  return a.key === b.key ? 0 : a.key < b.key ? -1 : 1
}

export class TopPairs {
  private readonly k: number
  private readonly heap: TopPair[] = []

  constructor(k: number) {
    this.k = k
  }

  add(pair: TopPair): void {
    const { heap } = this
    if (heap.length < this.k) {
      heap.push(pair)
      this.up(heap.length - 1)
    } else if (heap.length > 0 && compareTop(pair, heap[0]!) < 0) {
      heap[0] = pair
      this.down(0)
    }
  }

  sorted(): readonly TopPair[] {
    return [...this.heap].sort(compareTop)
  }

  private up(start: number): void {
    for (let i = start; i > 0; ) {
      const parent = (i - 1) >> 1
      if (compareTop(this.heap[i]!, this.heap[parent]!) <= 0) return
      this.swap(i, parent)
      i = parent
    }
  }

  private down(start: number): void {
    for (let i = start; ; ) {
      const left = i * 2 + 1
      if (left >= this.heap.length) return
      const right = left + 1
      const worse = right < this.heap.length && compareTop(this.heap[right]!, this.heap[left]!) > 0 ? right : left
      if (compareTop(this.heap[worse]!, this.heap[i]!) <= 0) return
      this.swap(i, worse)
      i = worse
    }
  }

  private swap(a: number, b: number): void {
    const { heap } = this
    const kept = heap[a]!
    heap[a] = heap[b]!
    heap[b] = kept
  }
}
