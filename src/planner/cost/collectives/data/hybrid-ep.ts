/**
 * HybridEP as its authors measured it (deepseek-ai/DeepEP, docs/README_Hybrid-EP.md: bf16, hidden 7,168, 8 of 8 experts a rank, 4,096 tokens, 16
 * processors). Their bandwidth counts every copy, a rank's own too. Blackwell: kernel 735 and 674 GB/s in a box of 8, 613 and 543 over 36
 * ranks of a rack, 130 us more by the call. Hopper: what the calls on 2, 4 and 8 boxes leave when the network's part is taken off.
 */
export interface HybridEp {
  readonly startSeconds: number
  readonly bytesPerSecond: Readonly<Record<'dispatch' | 'combine', number>>
  /** The rate falls by this power of the domain's ranks over 8. */
  readonly rankPower: number
}

export const HYBRID_EP: Readonly<Record<'hopper' | 'blackwell', HybridEp>> = {
  hopper: { startSeconds: 130e-6, bytesPerSecond: { dispatch: 250e9, combine: 250e9 }, rankPower: 0 },
  blackwell: { startSeconds: 130e-6, bytesPerSecond: { dispatch: 735e9, combine: 674e9 }, rankPower: 0.13 },
}
