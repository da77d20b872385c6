/** Counts what is ruled out, by rule, and keeps one example of each with its reason. */
import type { Rejection } from '../explain/training/analysis.ts'
import type { Layout } from '../training/layout.ts'

export class Rejections {
  readonly #byRule = new Map<string, { count: number; example: Partial<Layout>; because: string }>()

  /** `count` layouts fall to `rule` at once. `because` is only asked for the first of them where it is a function. */
  add(rule: string, example: Partial<Layout>, because: string | (() => string), count = 1): void {
    const known = this.#byRule.get(rule)
    if (known) known.count += count
    else this.#byRule.set(rule, { count, example, because: typeof because === 'string' ? because : because() })
  }

  /** Most frequent first; ties by name. */
  list(): readonly Rejection[] {
    return [...this.#byRule]
      .map(([rule, { count, example, because }]) => ({ rule, count, example, because }))
      .sort((a, b) => b.count - a.count || (a.rule < b.rule ? -1 : 1))
  }
}
