/**
 * Device time of operators, forward and backward, by effect. Backward of a product is two products (gradient of the input, gradient of the
 * weight), of a pass about twice its bytes, of attention a kernel of its own.
 */
import type { Device } from '../../fleet/device.ts'
import type { Operator } from '../../model/operator.ts'
import type { Precision } from '../../training/layout.ts'
import { type GemmKind, gemmSeconds } from '../kernels/gemm.ts'
import type { GemmFormat } from '../kernels/gemm-fit.ts'
import { groupedGemmSeconds } from '../kernels/grouped-gemm.ts'
import { passSeconds } from '../kernels/pass.ts'
import { scanSeconds } from '../kernels/scan.ts'
import type { Features } from '../software.ts'
import { type AttentionSoftware, attentionCoreSeconds } from './attention-time.ts'
import { noParts, type Parts } from './parts.ts'
import type { StepConstants } from './step-constants.ts'
import { sustainedFactor } from './sustained-clock.ts'

/** What prices depend on beyond the operator. */
export interface Prices {
  readonly device: Device
  readonly precision: Precision
  readonly features: Features
  readonly expertImbalance: number
  readonly causal: boolean
  /** Of the software's release. */
  readonly year: number
  readonly attention: AttentionSoftware
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
      const factor = alignment(operator.n, operator.k) * gemmFactor(format, 2 * operator.m * operator.n * operator.k, prices)
      for (const kind of kindsOf(direction)) parts.gemm += factor * gemmSeconds(device, operator, format, kind)
      return kindsOf(direction).length + castTime(operator.m, operator.n, operator.k, format, direction, prices, parts)
    }
    case 'grouped': {
      const format = layerFormat(prices.precision)
      const factor = gemmFactor(format, 2 * operator.rows * operator.n * operator.k, prices)
      const shape = { experts: operator.experts, rows: operator.rows, n: operator.n, k: operator.k }
      for (const kind of kindsOf(direction))
        parts.experts += factor * groupedGemmSeconds(device, shape, prices.precision.gemm, prices.expertImbalance, kind)
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
      const isRouting = operator.module === 'permute' || operator.module === 'router'
      const traffic = isRouting ? constants.routingPasses * (features.fusedPermute ? 1 : UNFUSED_ROUTING) : constants.passes
      const times = direction === 'forward' ? 1 : 2
      parts.memoryBound += passSeconds(device, traffic * times * operator.bytes, operator.launches)
      return operator.launches * times
    }
  }
}

/** Index, multiply by probabilities and add up as kernels of their own (Megatron-Core before `--moe-permute-fusion`). */
const UNFUSED_ROUTING = 2.5

const FORWARD_KINDS: readonly GemmKind[] = ['forward']
const BACKWARD_KINDS: readonly GemmKind[] = ['dgrad', 'wgrad']
const kindsOf = (direction: Direction): readonly GemmKind[] =>
  direction === 'forward' ? FORWARD_KINDS : BACKWARD_KINDS

/** Router, embedding and head stay in the base format. */
const formatOf = (module: string, precision: Precision): GemmFormat =>
  module === 'router' || module === 'head' || module === 'mtp' || module === 'stateSpace'
    ? precision.base
    : layerFormat(precision)

/** Scales a row or a block run through other kernels than one scale a tensor. */
const layerFormat = ({ gemm, fp8Scaling }: Precision): GemmFormat =>
  gemm === 'fp8' && fp8Scaling === 'block' ? 'fp8Block' : gemm

const isNarrow = (format: GemmFormat): boolean => format.startsWith('fp8') || format === 'mxfp8' || format === 'nvfp4'

/** Over the kernel alone and cold. */
function gemmFactor(format: GemmFormat, flops: number, { device, constants }: Prices): number {
  const sustained = sustainedFactor(device, format, flops)
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

/** Inputs are cast before the forward product, output gradients before the two backward ones. */
function castTime(m: number, n: number, k: number, format: GemmFormat, direction: Direction, prices: Prices, parts: Parts): number {
  if (!isNarrow(format)) return 0
  const elements = direction === 'forward' ? m * k : m * n
  parts.memoryBound += passSeconds(prices.device, castBytes(prices) * elements, 1)
  return 2
}
