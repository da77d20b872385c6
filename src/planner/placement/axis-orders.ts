/**
 * The orders in which axes can be laid over the fleet. The first axis of an order has neighbouring devices, the last the farthest. Megatron's
 * (tensor, context, data, pipeline) comes first: frameworks number ranks by it, and another order is a permutation of devices under them.
 */
import type { Degrees } from '../training/degrees.ts'
import type { DenseAxis } from '../training/plan.ts'

export type AxisOrder = readonly DenseAxis[]

export const MEGATRON_ORDER: AxisOrder = ['tensor', 'context', 'data', 'pipeline']

/** All orders that differ: axes of one rank may stand anywhere, so they keep Megatron's place among the others. */
export function axisOrders(degrees: Degrees): readonly AxisOrder[] {
  const long = MEGATRON_ORDER.filter(axis => degrees[axis] > 1)
  const short = MEGATRON_ORDER.filter(axis => degrees[axis] === 1)
  return permutations(long).map(order => (isSame(order, long) ? MEGATRON_ORDER : [...order, ...short]))
}

/** In lexicographic order of places, so that the given order is the first. */
function permutations(axes: AxisOrder): readonly AxisOrder[] {
  if (axes.length === 0) return [[]]
  return axes.flatMap(first => permutations(axes.filter(axis => axis !== first)).map(rest => [first, ...rest]))
}

const isSame = (a: AxisOrder, b: AxisOrder): boolean => a.every((axis, i) => axis === b[i])

/** `device[rank]`: the place in `order` of the rank that Megatron numbers so. */
export function devicesOfRanks(order: AxisOrder, degrees: Degrees): Int32Array {
  const strides = new Map<DenseAxis, number>()
  let stride = 1
  for (const axis of order) {
    strides.set(axis, stride)
    stride *= degrees[axis]
  }
  const device = new Int32Array(stride)
  for (let rank = 0; rank < stride; rank++) {
    let rest = rank
    for (const axis of MEGATRON_ORDER) {
      device[rank]! += (rest % degrees[axis]) * strides.get(axis)!
      rest = Math.floor(rest / degrees[axis])
    }
  }
  return device
}
