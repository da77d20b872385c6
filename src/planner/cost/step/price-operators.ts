/**
 * Device time of operators, forward and backward, by effect. Backward of a product is two products (gradient of the input, gradient of the
 * weight), of a pass about twice its bytes, of attention a kernel of its own.
 */
import type { Gemm, Grouped, Operator } from '../../model/operator.ts'
import type { Precision } from '../../training/layout.ts'
import { type GemmKind, gemmSeconds } from '../kernels/gemm.ts'
import type { GemmFormat } from '../kernels/gemm-fit.ts'
import { groupedGemmSeconds } from '../kernels/grouped-gemm.ts'
import { passSeconds } from '../kernels/pass.ts'
import { scanSeconds } from '../kernels/scan.ts'
import { measuredPassSeconds } from '../measured/kernels.ts'
import { attentionCoreSeconds } from './attention-time.ts'
import { noParts, type Parts } from './parts.ts'
import type { Prices } from './prices.ts'

export type { Prices } from './prices.ts'

import { sustainedFactor } from './sustained-clock.ts'

export interface PricedPass {
  readonly parts: Parts
  readonly launches: number
  /** Of which gradients of weights, which no other rank waits for. */
  readonly weightSeconds: number
}

type Direction = 'forward' | 'backward'

export function priceOperators(operators: readonly Operator[], direction: Direction, prices: Prices): PricedPass {
  const sum: Sum = { parts: noParts(), launches: 0, weightSeconds: 0 }
  for (const operator of operators) addOperator(operator, direction, prices, sum)
  return sum
}

interface Sum {
  readonly parts: Parts
  launches: number
  weightSeconds: number
}

function addOperator(operator: Operator, direction: Direction, prices: Prices, sum: Sum): void {
  const { device } = prices
  const isForward = direction === 'forward'
  switch (operator.kind) {
    case 'gemm':
    case 'grouped':
      addProduct(operator, direction, prices, sum)
      return
    case 'attention':
      sum.parts.attention += attentionCoreSeconds(operator, direction, prices)
      sum.launches += (isForward ? 1 : 2) * operator.steps
      return
    case 'scan': {
      const { heads, headDim, stateDim, groups } = operator
      const shape = { batch: 1, sequence: operator.tokens, heads, headDim, stateDim, groups }
      sum.parts.attention += scanSeconds(device, shape, direction)
      sum.launches += isForward ? SCAN_LAUNCHES : 2 * SCAN_LAUNCHES
      return
    }
    case 'pass': {
      const times = isForward ? 1 : 2
      sum.parts.memoryBound += device.measured
        ? measuredPassSeconds(device.measured, prices.precision.base, operator.module, operator.bytes, direction)
        : passSeconds(device, traffic(operator.module, prices) * times * operator.bytes, operator.launches)
      sum.launches += operator.launches * times
    }
  }
}

const SCAN_LAUNCHES = 8

/** Forward one product, backward two. */
function addProduct(operator: Gemm | Grouped, direction: Direction, prices: Prices, sum: Sum): void {
  const { n, k } = operator
  const format = formatOf(operator.module, prices.precision)
  const rows = operator.kind === 'gemm' ? operator.m : operator.rows
  const tokens = operator.kind === 'gemm' ? operator.m : operator.rows * operator.experts
  const shared = operator.kind === 'grouped' ? prices.constants.expertProducts : 1
  const factor = shared * (prices.device.measured ? 1 : alignment(n, k)) * gemmFactor(format, 2 * rows * n * k, prices)
  for (const kind of direction === 'forward' ? FORWARD_KINDS : [DGRAD, prices.weightGradient]) {
    const seconds = factor * productSeconds(operator, format, kind, prices)
    sum.parts[operator.kind === 'gemm' ? 'gemm' : 'experts'] += seconds
    if (kind === prices.weightGradient) sum.weightSeconds += seconds
    sum.launches += operator.kind === 'gemm' ? 1 : 2
  }
  if (!isNarrow(format)) return
  // Inputs are cast before the forward product, output gradients before the two backward ones.
  const elements = tokens * (direction === 'forward' ? k : n)
  sum.parts.memoryBound += passSeconds(prices.device, castBytes(prices) * elements, 1)
  sum.launches += CAST_LAUNCHES
}

/** Amax, scale, cast, transpose. */
const CAST_LAUNCHES = 4

function productSeconds(operator: Gemm | Grouped, format: GemmFormat, kind: GemmKind, prices: Prices): number {
  const { device, expertImbalance } = prices
  return operator.kind === 'gemm'
    ? gemmSeconds(device, operator, format, kind)
    : groupedGemmSeconds(device, operator, format, expertImbalance, kind)
}

function traffic(module: Operator['module'], { constants, features }: Prices): number {
  if (module !== 'permute' && module !== 'router') return constants.passes
  return constants.routingPasses * (features.fusedPermute ? 1 : constants.routingUnfused)
}

const FORWARD_KINDS: readonly GemmKind[] = ['forward']
const DGRAD: GemmKind = 'dgrad'

/** Router, embedding and head stay in the base format. */
export const formatOf = (module: string, precision: Precision): GemmFormat =>
  module === 'router' || module === 'head' || module === 'mtp' || module === 'stateSpace'
    ? precision.base
    : layerFormat(precision)

/** Scales a row or a block run through other kernels than one scale a tensor. */
const layerFormat = ({ gemm, fp8Scaling }: Precision): GemmFormat =>
  gemm === 'fp8' && fp8Scaling === 'block' ? 'fp8Block' : gemm

const isNarrow = (format: GemmFormat): boolean => format.startsWith('fp8') || format === 'mxfp8' || format === 'nvfp4'

/** Over the kernel alone and cold. */
export function gemmFactor(format: GemmFormat, flops: number, { device, constants }: Prices): number {
  const sustained = sustainedFactor(device, format, flops, constants.throttleDepth)
  if (format === 'fp8Block') return constants.sustainedNarrow * constants.fineScale * sustained
  return (isNarrow(format) ? constants.sustainedNarrow : constants.sustained) * sustained
}

/** Rows of memory that do not begin at 16 bytes keep tensor cores from loading in one piece (NVIDIA, "Matrix Multiplication Background", 4.1). */
const MISALIGNED = 1.5

const alignment = (n: number, k: number): number => (n % 8 === 0 && k % 8 === 0 ? 1 : MISALIGNED)

/** Casts are fused into what goes before or after them a little more with every release. */
function castBytes({ constants, year }: Prices): number {
  return constants.castBytes * Math.exp(constants.castPerYear * Math.max(0, CAST_REFERENCE_YEAR - year))
}

const CAST_REFERENCE_YEAR = 2025
