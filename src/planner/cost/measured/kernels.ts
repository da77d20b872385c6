/** Seconds of products, attention, passes and updates on a device that was measured itself. */
import type { MeasuredDevice, MeasuredPassName, MeasuredPrecision } from '../../../spec/measured-device.ts'
import type { NumberFormat } from '../../fleet/device.ts'
import type { OperatorModule } from '../../model/operator.ts'
import { type AttentionShape, type Direction, visibleKeys } from '../kernels/attention-shape.ts'
import type { GemmKind, GemmShape } from '../kernels/gemm-shape.ts'
import { between, onCurve } from './curve.ts'

/** What was measured for a format: its own, or the wider one that stands in. */
export function precisionOfDevice({ precisions }: MeasuredDevice, format: string): MeasuredPrecision {
  const wide = precisions.fp32 ?? precisions.bf16
  return (format === 'fp32' ? wide : (precisions.bf16 ?? wide))!
}

export function measuredGemmSeconds(
  device: MeasuredDevice,
  { m, n, k }: GemmShape,
  format: string,
  kind: GemmKind,
): number {
  if (m <= 0 || n <= 0 || k <= 0) return 0
  const { sizes, rates, input_gradient, weight_gradient } = precisionOfDevice(device, format).products
  const axes = [between(sizes, m), between(sizes, n), between(sizes, k)] as const
  let rate = 0
  for (let corner = 0; corner < 8; corner++) {
    const at = axes.map(([low, high, share], axis): readonly [number, number] =>
      (corner >> axis) & 1 ? [high, share] : [low, 1 - share],
    )
    const weight = at.reduce((product, [, share]) => product * share, 1)
    if (weight > 0) rate += weight * rates[at[0]![0]]![at[1]![0]]![at[2]![0]]!
  }
  const slower = kind === 'forward' ? 1 : kind === 'dgrad' ? input_gradient : weight_gradient
  return (slower * 2 * m * n * k) / rate
}

export function measuredAttentionSeconds(
  device: MeasuredDevice,
  shape: AttentionShape,
  format: NumberFormat,
  direction: Direction,
): number {
  const { head_sizes, keys, [direction]: rates } = precisionOfDevice(device, format).attention
  const { batch, heads, sequenceQ, sequenceKv, headDim, valueDim } = shape
  const flops = 2 * batch * heads * sequenceQ * visibleKeys(shape) * (headDim + valueDim)
  const [low, high, share] = between(head_sizes, headDim)
  const [few, many, part] = between(keys, sequenceKv)
  const of = (size: number): number => (1 - part) * rates[size]![few]! + part * rates[size]![many]!
  return ((direction === 'forward' ? 1 : 2.5) * flops) / ((1 - share) * of(low) + share * of(high))
}

/** Modules whose work was measured under another's name: rows that are picked, products that are gated, heads that are turned. */
const MEASURED_AS: Readonly<Partial<Record<OperatorModule, MeasuredPassName>>> = {
  norm: 'norm',
  latentDown: 'norm',
  rope: 'rope',
  latentUp: 'rope',
  mlp: 'activation',
  sharedExpert: 'activation',
  experts: 'activation',
  loss: 'loss',
  router: 'router',
  permute: 'permute',
  embedding: 'permute',
}

/** The router's scores are fp32 whatever the layers are. */
export function measuredPassSeconds(
  device: MeasuredDevice,
  format: string,
  module: OperatorModule | undefined,
  bytes: number,
  direction: Direction,
): number {
  const name = (module && MEASURED_AS[module]) ?? 'residual'
  const wide = format === 'fp32' && name !== 'router' ? 2 : 1
  const pass = precisionOfDevice(device, name === 'router' ? 'fp32' : format).passes[name]
  return bytes <= 0 ? 0 : onCurve(pass.bytes, pass[direction], bytes * wide)
}

/** Norm of the gradient, clipping and the optimizer's step over so many parameters. */
export function measuredUpdateSeconds(device: MeasuredDevice, optimizer: string, parameters: number): number {
  const curve = device.update[optimizer] ?? device.update.adam!
  return parameters <= 0 ? 0 : onCurve(curve.parameters, curve.seconds, parameters)
}
