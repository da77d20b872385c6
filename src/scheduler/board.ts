/**
 * The cluster as it becomes while a pass decides: nodes with the pods that were put there, and what the judges have counted. What was done
 * can be undone, so a gang or a preemption is tried on the board itself and leaves no trace.
 */
import type { Judge, Judgement, Refusal, Scene } from './judges/judge.ts'
import type { NodeView } from './node-view.ts'
import { withoutPod, withPod } from './node-view.ts'
import type { NamespaceLabels, PodView } from './pod-view.ts'

export interface Move {
  readonly pod: PodView
  readonly node: string
  readonly by: 1 | -1
}

export class Board implements Scene {
  readonly nodes: Map<string, NodeView>
  readonly namespaceLabels: NamespaceLabels
  private readonly judges: readonly Judge[]
  private readonly judgements = new Map<string, readonly Judgement[]>()
  private readonly moves: Move[] = []

  constructor(
    nodes: readonly NodeView[],
    judges: readonly Judge[],
    namespaceLabels: NamespaceLabels = () => undefined,
  ) {
    this.nodes = new Map(nodes.map(view => [view.name, view]))
    this.judges = judges
    this.namespaceLabels = namespaceLabels
  }

  /** What is to be said of a pod, kept for all that have the same signature and up to date with every move. */
  about(signature: string, pod: PodView): readonly Judgement[] {
    const known = this.judgements.get(signature)
    if (known) return known
    const made = this.judges.flatMap(judge => judge(pod, this) ?? [])
    this.judgements.set(signature, made)
    return made
  }

  /** No other pod of this signature will be asked about. */
  forget(signature: string): void {
    this.judgements.delete(signature)
  }

  put(pod: PodView, node: string): void {
    this.move({ pod, node, by: 1 })
  }

  take(pod: PodView, node: string): void {
    this.move({ pod, node, by: -1 })
  }

  /** A place in time to go back to. */
  mark(): number {
    return this.moves.length
  }

  undoTo(mark: number): void {
    while (this.moves.length > mark) {
      const { pod, node, by } = this.moves.pop()!
      this.apply({ pod, node, by: by === 1 ? -1 : 1 })
    }
  }

  private move(move: Move): void {
    this.moves.push(move)
    this.apply(move)
  }

  private apply({ pod, node, by }: Move): void {
    const view = this.nodes.get(node)
    if (!view) return
    this.nodes.set(node, by === 1 ? withPod(view, pod) : withoutPod(view, pod))
    for (const judgements of this.judgements.values()) {
      for (const judgement of judgements) judgement.counts?.(pod, view, by)
    }
  }
}

/** The first judge that refuses says why. */
export function refusalOf(judgements: readonly Judgement[], node: NodeView): Refusal | undefined {
  for (const { refuses } of judgements) {
    const refused = refuses?.(node)
    if (refused) return refused
  }
  return undefined
}

/** The best of the nodes that will do; of equals the first by name. */
export function bestNode(judgements: readonly Judgement[], nodes: Iterable<NodeView>): NodeView | undefined {
  const fit: NodeView[] = []
  for (const node of nodes) if (!refusalOf(judgements, node)) fit.push(node)
  if (fit.length <= 1) return fit[0]
  const totals = fit.map(() => 0)
  for (const { scores } of judgements) {
    if (!scores) continue
    const given = scores.of(fit)
    for (let i = 0; i < fit.length; i++) totals[i]! += scores.weight * given[i]!
  }
  let best = 0
  for (let i = 1; i < fit.length; i++) {
    if (totals[i]! > totals[best]! || (totals[i] === totals[best] && fit[i]!.name < fit[best]!.name)) best = i
  }
  return fit[best]
}
