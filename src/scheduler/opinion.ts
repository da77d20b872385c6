/**
 * What the judges say of one kind of pod, node by node. What rests on a node alone is kept until the node changes, so that placing a thousand
 * equal pods looks at each node once and then only at the one that was filled last.
 */
import type { Judgement, Refusal } from './judges/judge.ts'
import type { NodeView } from './node-view.ts'

export class Opinion {
  readonly judgements: readonly Judgement[]
  /** Those that rest on what was counted, or compare nodes. */
  private readonly counting: readonly Judgement[]
  private readonly comparing: readonly NonNullable<Judgement['scores']>[]
  private readonly lasting: readonly Judgement[]
  private readonly seen: (NodeView | undefined)[] = []
  private readonly refused: (Refusal | undefined)[] = []
  private readonly value: number[] = []

  constructor(judgements: readonly Judgement[]) {
    this.judgements = judgements
    this.counting = judgements.filter(each => each.refuses && each.counts)
    this.comparing = judgements.flatMap(({ scores }) => scores ?? [])
    this.lasting = judgements.filter(each => (each.refuses && !each.counts) || each.score)
  }

  /** The first judge that refuses says why. */
  refusalOf(node: NodeView): Refusal | undefined {
    for (const { refuses } of this.judgements) {
      const refused = refuses?.(node)
      if (refused) return refused
    }
    return undefined
  }

  /** The best of the nodes that will do; of equals the first. */
  best(nodes: readonly NodeView[]): NodeView | undefined {
    if (this.comparing.length > 0) return this.bestCompared(nodes)
    let best = -1
    for (let i = 0; i < nodes.length; i++) {
      if (this.willDo(i, nodes[i]!) && (best < 0 || this.value[i]! > this.value[best]!)) best = i
    }
    return nodes[best]
  }

  private bestCompared(nodes: readonly NodeView[]): NodeView | undefined {
    const [fit, totals]: [NodeView[], number[]] = [[], []]
    for (let i = 0; i < nodes.length; i++) {
      if (!this.willDo(i, nodes[i]!)) continue
      fit.push(nodes[i]!)
      totals.push(this.value[i]!)
    }
    if (fit.length <= 1) return fit[0]
    for (const { weight, of } of this.comparing) {
      const given = of(fit)
      for (let i = 0; i < fit.length; i++) totals[i]! += weight * given[i]!
    }
    let best = 0
    for (let i = 1; i < fit.length; i++) if (totals[i]! > totals[best]!) best = i
    return fit[best]
  }

  private willDo(i: number, node: NodeView): boolean {
    if (this.seen[i] !== node) this.look(i, node)
    if (this.refused[i]) return false
    for (const { refuses } of this.counting) if (refuses?.(node)) return false
    return true
  }

  private look(i: number, node: NodeView): void {
    this.seen[i] = node
    this.refused[i] = undefined
    let value = 0
    for (const { refuses, counts, score } of this.lasting) {
      const refused = counts ? undefined : refuses?.(node)
      if (refused) {
        this.refused[i] = refused
        return
      }
      if (score) value += score(node)
    }
    this.value[i] = value
  }
}
