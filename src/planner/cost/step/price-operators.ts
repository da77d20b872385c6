/**
 * Device time of operators, forward and backward, by effect. Backward of a product is two products (gradient of the input, gradient of the
 * weight), of a pass about twice its bytes, of attention a kernel of its own.
 */
import type { Device, NumberFormat } from '../../fleet/device.ts'
import type { Operator } from '../../model/operator.ts'
import type { Precision } from '../../training/layout.ts'
import { type GemmKind, gemmSeconds } from '../kernels/gemm.ts'
import { groupedGemmSeconds } from '../kernels/grouped-gemm.ts'
import { passSeconds } from '../kernels/pass.ts'
import { scanSeconds } from '../kernels/scan.ts'
import type { Features } from '../software.ts'
import { type AttentionKernel, attentionCoreSeconds } from './attention-time.ts'
import { noParts, type Parts } from './parts.ts'
import type { StepConstants } from './step-constants.ts'
import { sustainedShare } from './sustained-clock.ts'

/** What prices depend on beyond the operator. */
export interface Prices {
  readonly device: Device
  readonly precision: Precision
  readonly features: Features
  readonly expertImbalance: number
  readonly causal: boolean
  readonly attention: AttentionKernel
  readonly constants: StepConstants
}

export interface PricedPass {
  readonly parts: Parts
  readonly launches: number
}

type Direction = 'forward' | 'backward'

export function priceOperators(operators: readonly Operator[], direction: Direction, prices: Prices): PricedPass {
  const parts = noParts()
  let launches = 0
  for (const operator of operators) launches += priceOperator(operator, direction, prices, parts)
  return { parts, launches }
}

/** Adds the operator's time to `parts`; answers its launches. */
function priceOperator(operator: Operator, direction: Direction, prices: Prices, parts: Parts): number {
  const { device, constants, features } = prices
  switch (operator.kind) {
    case 'gemm': {
      const format = formatOf(operator.module, prices.precision)
      const factor = gemmFactor(format, prices)
      for (const kind of kindsOf(direction)) parts.gemm += factor * gemmSeconds(device, operator, format, kind)
      return kindsOf(direction).length + castTime(operator.m, operator.n, operator.k, format, direction, prices, parts)
    }
    case 'grouped': {
      const format = prices.precision.gemm
      const factor = gemmFactor(format, prices)
      const shape = { experts: operator.experts, rows: operator.rows * operator.experts, n: operator.n, k: operator.k }
      for (const kind of kindsOf(direction))
        parts.experts += factor * groupedGemmSeconds(device, shape, format, prices.expertImbalance, kind)
      return (
        2 * kindsOf(direction).length +
        castTime(operator.rows * operator.experts, operator.n, operator.k, format, direction, prices, parts)
      )
    }
    case 'attention':
      parts.attention += attentionCoreSeconds(operator, direction, prices)
      return direction === 'forward' ? operator.steps : 2 * operator.steps
    case 'scan':
      parts.attention += scanSeconds(
        device,
        { batch: 1, sequence: operator.tokens, heads: operator.heads, headDim: operator.headDim, stateDim: operator.stateDim, groups: operator.groups },
        direction,
      )
      return direction === 'forward' ? 8 : 16
    case 'pass': {
      const traffic = features.compile ? constants.passCompiled : constants.passEager
      const times = direction === 'forward' ? 1 : 2
      parts.memoryBound += passSeconds(device, traffic * times * operator.bytes, operator.launches)
      return operator.launches * times
    }
  }
}

const FORWARD_KINDS: readonly GemmKind[] = ['forward']
const BACKWARD_KINDS: readonly GemmKind[] = ['dgrad', 'wgrad']
const kindsOf = (direction: Direction): readonly GemmKind[] =>
  direction === 'forward' ? FORWARD_KINDS : BACKWARD_KINDS

/** Router, embedding and head stay in the base format. */
const formatOf = (module: string, precision: Precision): NumberFormat =>
  module === 'router' || module === 'head' || module === 'mtp' || module === 'stateSpace' ? precision.base : precision.gemm

const isNarrow = (format: NumberFormat): boolean => format === 'fp8' || format === 'mxfp8' || format === 'nvfp4'

function gemmFactor(format: NumberFormat, { device, constants, precision }: Prices): number {
  const share = sustainedShare(device, format)
  if (!isNarrow(format)) return constants.sustained / share
  return (constants.sustainedNarrow * (precision.fp8Scaling === 'block' ? constants.fineScale : 1)) / share
}

/** Inputs are cast before the forward product, output gradients before the two backward ones. */
function castTime(m: number, n: number, k: number, format: NumberFormat, direction: Direction, prices: Prices, parts: Parts): number {
  if (!isNarrow(format)) return 0
  const elements = direction === 'forward' ? m * k : m * n
  parts.memoryBound += passSeconds(prices.device, prices.constants.castBytes * elements, 1)
  return 2
}
