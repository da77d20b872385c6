/**
 * The cluster as it becomes while a pass decides: nodes with the pods that were put there, and what the judges have counted. What was done
 * can be undone, so a gang or a preemption is tried on the board itself and leaves no trace.
 */
import type { Judge, Scene } from './judges/judge.ts'
import type { NodeView } from './node-view.ts'
import { withoutPod, withPod } from './node-view.ts'
import { Opinion } from './opinion.ts'
import type { NamespaceLabels, PodView } from './pod-view.ts'

export interface Move {
  readonly pod: PodView
  readonly node: string
  readonly by: 1 | -1
}

export interface BoardOptions {
  readonly judges: readonly Judge[]
  readonly namespaceLabels?: NamespaceLabels
  /** Whether a pod that waits chooses its company. */
  readonly hasChoosers: boolean
}

export class Board implements Scene {
  readonly nodes: Map<string, NodeView>
  /** The same in their order, which decides between equals. */
  readonly list: NodeView[]
  readonly namespaceLabels: NamespaceLabels
  readonly hasChoosers: boolean
  private readonly places: ReadonlyMap<string, number>
  private readonly judges: readonly Judge[]
  private readonly opinions = new Map<string, Opinion>()
  private readonly moves: Move[] = []

  constructor(nodes: readonly NodeView[], { judges, namespaceLabels = () => undefined, hasChoosers }: BoardOptions) {
    this.nodes = new Map(nodes.map(view => [view.name, view]))
    this.list = [...nodes]
    this.places = new Map(nodes.map(({ name }, i) => [name, i]))
    this.judges = judges
    this.namespaceLabels = namespaceLabels
    this.hasChoosers = hasChoosers || nodes.some(({ choosers }) => choosers.length > 0)
  }

  /** What is to be said of a pod, kept for all that have the same signature and up to date with every move. */
  about(signature: string, pod: PodView): Opinion {
    const known = this.opinions.get(signature)
    if (known) return known
    const made = new Opinion(this.judges.flatMap(judge => judge(pod, this) ?? []))
    this.opinions.set(signature, made)
    return made
  }

  /** No other pod of this signature will be asked about. */
  forget(signature: string): void {
    this.opinions.delete(signature)
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
    const next = by === 1 ? withPod(view, pod) : withoutPod(view, pod)
    this.nodes.set(node, next)
    this.list[this.places.get(node)!] = next
    for (const { judgements } of this.opinions.values()) {
      for (const { counts } of judgements) counts?.(pod, view, by)
    }
  }
}
