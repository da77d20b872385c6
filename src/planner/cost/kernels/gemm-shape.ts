/** What a matrix product works on, and which of a layer's three products it is. */

/** The forward product's sizes: `m` tokens, `k` features in, `n` out. */
export interface GemmShape {
  readonly m: number
  readonly n: number
  readonly k: number
}

/**
 * The gradients turn the shape: that of the input is (m,k,n), that of the weight (n,k,m). `wgrad` adds to a buffer in fp32 (Megatron-LM's
 * gradient accumulation fusion), `plainWgrad` writes what FSDP reduces, in the operands' 16 bits.
 */
export type GemmKind = 'forward' | 'dgrad' | 'wgrad' | 'plainWgrad'
