/** Bytes that one rank moves over links to bring its tokens to their experts, one way, with balanced routing. */

export interface Dispatched {
  /** Tokens of this rank. */
  readonly tokens: number
  readonly hidden: number
  readonly topK: number
  readonly elementBytes: number
}

/** Everybody gets everything of everybody: received (Megatron's `allgather` dispatcher). `ranks` = EP x ETP. */
export const allGatherBytes = ({ tokens, hidden, elementBytes }: Dispatched, ranks: number): number =>
  (ranks - 1) * tokens * hidden * elementBytes

/** A copy to each of its `topK` experts, the rank's own excepted: sent. Less than gathering iff topK < ranks. */
export const allToAllBytes = ({ tokens, hidden, topK, elementBytes }: Dispatched, ranks: number): number =>
  (tokens * topK * hidden * elementBytes * (ranks - 1)) / ranks

/** One copy to each of `copies` other nodes (DeepEP, HybridEP). */
export const onceANodeBytes = ({ tokens, hidden, elementBytes }: Dispatched, copies: number): number =>
  tokens * hidden * elementBytes * copies
