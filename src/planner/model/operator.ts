/** The operators that a layer is made of, as values that `cost/` prices. Sizes are of one rank. */
import type { ModuleName } from './weights.ts'

export type OperatorModule = ModuleName | 'rope' | 'residual' | 'permute' | 'loss'

export type Operator = Gemm | Grouped | AttentionCore | Scan | Pass

/** `m` rows (tokens) by `k` times `k` by `n` (a weight). */
export interface Gemm {
  readonly kind: 'gemm'
  readonly module: OperatorModule
  readonly m: number
  readonly n: number
  readonly k: number
}

/** The same product for `experts` weights, `rows` tokens each when balanced. */
export interface Grouped {
  readonly kind: 'grouped'
  readonly module: OperatorModule
  readonly experts: number
  readonly rows: number
  readonly n: number
  readonly k: number
}

export interface AttentionCore {
  readonly kind: 'attention'
  readonly module: 'core'
  readonly batch: number
  readonly heads: number
  readonly kvHeads: number
  readonly headDim: number
  readonly valueDim: number
  /** Queries of this rank; a ring has them meet all `sequenceKv` keys in `steps` turns, balanced over ranks by zig-zag. */
  readonly sequenceQ: number
  readonly sequenceKv: number
  readonly steps: number
  /** Keys that a query sees at most. */
  readonly window?: number
  /** Latent attention in its training form: keys and values are expanded, head sizes differ. */
  readonly latent: boolean
}

/** State-space scan in chunks (Mamba-2). */
export interface Scan {
  readonly kind: 'scan'
  readonly module: 'stateSpace'
  readonly tokens: number
  readonly heads: number
  readonly headDim: number
  readonly stateDim: number
  readonly groups: number
}

/** A memory-bound kernel or several. */
export interface Pass {
  readonly kind: 'pass'
  readonly module: OperatorModule
  /** Read and written. */
  readonly bytes: number
  readonly launches: number
}

export const pass = (module: OperatorModule, bytes: number, launches: number): Pass => ({
  kind: 'pass',
  module,
  bytes,
  launches,
})

/** Which memory-bound steps run as one kernel. */
export interface Fusion {
  readonly norm: boolean
  readonly rope: boolean
  readonly activation: boolean
  readonly router: boolean
  readonly permute: boolean
  readonly crossEntropy: boolean
}

export const MODERN_FUSION: Fusion = {
  norm: true,
  rope: true,
  activation: true,
  router: true,
  permute: true,
  crossEntropy: true,
}

/** Floating-point operations of one operator; attention of `visible` keys a query on average. */
export function operatorFlops(operator: Operator, causal: boolean): number {
  switch (operator.kind) {
    case 'gemm':
      return 2 * operator.m * operator.n * operator.k
    case 'grouped':
      return 2 * operator.experts * operator.rows * operator.n * operator.k
    case 'attention': {
      const { batch, heads, sequenceQ, sequenceKv, headDim, valueDim, window } = operator
      return 2 * batch * heads * sequenceQ * visibleKeys(sequenceKv, window, causal) * (headDim + valueDim)
    }
    case 'scan':
      return scanFlopsPerToken(operator) * operator.tokens
    case 'pass':
      return 0
  }
}

/** As Megatron-LM counts a Mamba-2 scan: 7 a state and channel. */
const scanFlopsPerToken = (s: { heads: number; headDim: number; stateDim: number }): number =>
  7 * s.heads * s.headDim * s.stateDim

/** Keys that a query sees on average: half of them when the future is masked, fewer with a sliding window. */
export function visibleKeys(sequence: number, window: number | undefined, causal: boolean): number {
  const reach = Math.min(window ?? sequence, sequence)
  return causal ? reach - (reach * reach) / (2 * sequence) : reach
}
