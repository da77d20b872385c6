/**
 * What hiding tensor-parallel communication behind products costs, and where it cannot (Transformer Engine's user buffers, torch's async TP). Each
 * collective is a pipeline with the one product beside it. A product that is shorter than its collective hides no more than its own length, and a
 * product that computes while tokens arrive is cut along them into as many pieces as there are ranks, which fill the device worse than the whole.
 * Both grow with the degree: at eight ranks attention's projections are shorter than what they should hide.
 */
import type { LayerCut } from '../../model/cut.ts'
import type { Gemm, Operator } from '../../model/operator.ts'
import { collectiveSeconds } from '../collectives/collective-seconds.ts'
import { type GemmKind, gemmSeconds } from '../kernels/gemm.ts'
import { gatheredShare, tensorHidden } from './layer-communication.ts'
import type { Links } from './links.ts'
import { formatOf, gemmFactor } from './price-operators.ts'
import type { Prices } from './prices.ts'

interface Overlapped {
  readonly operators: readonly Operator[]
  readonly direction: 'forward' | 'backward'
  readonly cut: LayerCut
  /** The model's width: products that end in a sum over ranks have so many columns. */
  readonly hidden: number
  readonly links: Links
  readonly prices: Prices
}

/** Beyond what is left of the collectives when all hide alike (`tensorHidden`). */
export function overlapExcess(of: Overlapped): number {
  const { operators, cut, prices } = of
  if (cut.tensor === 1 || !cut.sequenceParallel || !prices.features.overlapTensor) return 0
  const gather = collective('all-gather', of)
  const scatter = collective('reduce-scatter', of)
  let seconds = 0
  for (const operator of operators)
    if (operator.kind === 'gemm' && PAIRED.has(operator.module)) seconds += excessOf(operator, gather, scatter, of)
  return seconds
}

const PAIRED: ReadonlySet<string> = new Set(['qkv', 'out', 'mlp'])

function collective(op: 'all-gather' | 'reduce-scatter', { cut, hidden, links, prices }: Overlapped): number {
  const bytes = 2 * cut.tokens * hidden * (op === 'all-gather' ? gatheredShare(prices) : 1)
  return collectiveSeconds(op, bytes, links.tensor, links.pool, links.fleet).seconds
}

/**
 * Forward: gather with the product in, scatter with the product out, both in pieces. Backward: the gradient's gather in pieces with the input
 * gradient of the product out; the input's second gather and its gradient's scatter, whole, with the two gradients of the product in.
 */
function excessOf(operator: Gemm, gather: number, scatter: number, of: Overlapped): number {
  const isOut = operator.n === of.hidden
  if (of.direction === 'forward') return pieces(operator, 'forward', isOut ? scatter : gather, of)
  if (isOut) return pieces(operator, 'dgrad', gather, of)
  const { prices } = of
  const again = prices.regathers ? unhidden(gather, whole(operator, 'dgrad', prices), prices) : 0
  return again + unhidden(scatter, whole(operator, prices.weightGradient, prices), prices)
}

function pieces(operator: Gemm, kind: GemmKind, communication: number, { cut, prices }: Overlapped): number {
  const piece = { ...operator, m: operator.m / cut.tensor }
  const cutUp = cut.tensor * whole(piece, kind, prices)
  return Math.max(0, cutUp - whole(operator, kind, prices)) + unhidden(communication, cutUp, prices)
}

/** Of the part that should hide, what is longer than the product. */
const unhidden = (communication: number, product: number, prices: Prices): number =>
  tensorHidden(prices) * Math.max(0, communication - product)

function whole(operator: Gemm, kind: GemmKind, prices: Prices): number {
  const format = formatOf(operator.module, prices.precision)
  const factor = gemmFactor(format, 2 * operator.m * operator.n * operator.k, prices)
  return factor * gemmSeconds(prices.device, operator, format, kind)
}
