/**
 * What a judge is: one thing that decides about nodes (a plugin of kube-scheduler). It first looks at a pod and all that is there, and gives
 * a judgement, which is then asked about node after node, and told of every pod that comes or goes while decisions are made.
 */
import type { NodeView } from '../node-view.ts'
import type { NamespaceLabels, PodView } from '../pod-view.ts'

export interface Refusal {
  /** In kube-scheduler's words. */
  readonly reasons: readonly string[]
  /** Taking pods away from the node would not help (UnschedulableAndUnresolvable). */
  readonly isHopeless: boolean
}

export interface Judgement {
  /** Undefined: the node will do. Rests on the node alone, unless `counts` is there: then on all that was counted. */
  readonly refuses?: (node: NodeView) => Refusal | undefined
  /** How good a node is, from 0 to 100, whatever the others are. */
  readonly score?: (node: NodeView) => number
  /** How good each of the nodes that will do is, from 0 to 100, as compared to each other; `weight` says how much that counts. */
  readonly scores?: { readonly weight: number; readonly of: (nodes: readonly NodeView[]) => readonly number[] }
  /** A pod came to the node (1) or left it (-1). */
  readonly counts?: (other: PodView, node: NodeView, by: 1 | -1) => void
}

export interface Scene {
  readonly nodes: ReadonlyMap<string, NodeView>
  readonly namespaceLabels: NamespaceLabels
  /** Whether any pod, there or waiting, chooses its company. */
  readonly hasChoosers: boolean
}

/** Undefined: there is nothing to say of this pod. */
export type Judge = (pod: PodView, scene: Scene) => Judgement | undefined

export const MAX_SCORE = 100

export const hopeless = (reason: string): Refusal => ({ reasons: [reason], isHopeless: true })
export const refusal = (reason: string): Refusal => ({ reasons: [reason], isHopeless: false })

/** As shares of the greatest, or of what is missing to it (helper.DefaultNormalizeScore). */
export function normalized(scores: readonly number[], isReversed: boolean): readonly number[] {
  const greatest = scores.reduce((a, b) => Math.max(a, b), 0)
  if (greatest === 0) return scores.map(() => (isReversed ? MAX_SCORE : 0))
  return scores.map(score => {
    const share = Math.trunc((MAX_SCORE * score) / greatest)
    return isReversed ? MAX_SCORE - share : share
  })
}
