/** The objects of one resource that readers see: found by position, and kept in order for lists and their pages. */
import type { Encoded } from './encoded.ts'
import { lowerBound, stretchOf } from './position.ts'

export class Collection {
  private readonly objects = new Map<string, Encoded>()
  /** The keys of `objects`, sorted. */
  private readonly order: string[] = []

  get size(): number {
    return this.order.length
  }

  get(position: string): Encoded | undefined {
    return this.objects.get(position)
  }

  put(position: string, object: Encoded): void {
    if (!this.objects.has(position)) this.order.splice(lowerBound(this.order, position), 0, position)
    this.objects.set(position, object)
  }

  delete(position: string): void {
    if (this.objects.delete(position)) this.order.splice(lowerBound(this.order, position), 1)
  }

  /** A page of what is in `namespace` behind `after`, and how much follows it. */
  page(namespace: string | undefined, after: string | undefined, limit: number): Page {
    return this.pageOf(this.order, position => this.objects.get(position)!, namespace, after, limit)
  }

  /** A page of the collection as it was: `past` says what stood (or did not stand) at the positions that have changed since. */
  pastPage(
    past: ReadonlyMap<string, Encoded | undefined>,
    namespace: string | undefined,
    after: string | undefined,
    limit: number,
  ): Page {
    if (past.size === 0) return this.page(namespace, after, limit)
    const unchanged = this.order.filter(position => !past.has(position))
    const order = [...unchanged, ...[...past.keys()].filter(position => past.get(position) !== undefined)].sort()
    const at = (position: string): Encoded => past.get(position) ?? this.objects.get(position)!
    return this.pageOf(order, at, namespace, after, limit)
  }

  /** A copy that stays as it is: the objects themselves never change. */
  entries(): readonly (readonly [position: string, object: Encoded])[] {
    return this.order.map(position => [position, this.objects.get(position)!])
  }

  private pageOf(
    order: readonly string[],
    at: (position: string) => Encoded,
    namespace: string | undefined,
    after: string | undefined,
    limit: number,
  ): Page {
    const [start, end] = stretchOf(order, namespace, after)
    const stop = Math.min(end, start + limit)
    return {
      entries: order.slice(start, stop).map(at),
      remaining: end - stop,
      ...(stop < end ? { next: order[stop - 1]! } : {}),
    }
  }
}

export interface Page {
  readonly entries: readonly Encoded[]
  readonly remaining: number
  /** The last position of the page, where others follow. */
  readonly next?: string
}
