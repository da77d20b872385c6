/**
 * The host's memory as the device's: optimizer states, which the host's cores update, and activations, which leave in the forward pass and come
 * back in the backward.
 */
import type { NodePool } from '../../fleet/fleet.ts'
import type { Workload } from '../../training/layout.ts'
import { hostLink } from '../kernels/host-link.ts'
import { smoothMaximum } from './host-time.ts'
import type { PassTimes } from './layer-times.ts'
import { addParts, noParts, type Parts, totalOf } from './parts.ts'

/**
 * Gradients go down, the host's cores read and write the states, parameters come up: one after the other, and nothing of the step beside them
 * (Megatron-Core's overlap of copies gains 7 %, since it is the cores that take the time). `own`: parameters of this rank.
 */
export function hostOptimizerSeconds(
  own: number,
  { precision, optimizer }: Pick<Workload, 'precision' | 'optimizer'>,
  pool: NodePool,
): number {
  const { bytesPerSecond, hostBytesPerSecond } = hostLink(pool.device, pool.devicesPerNode)
  const { gradientBytes } = precision
  return (
    (own * (gradientBytes + 2)) / bytesPerSecond +
    (own * (gradientBytes + 2 * optimizer.stateBytes)) / hostBytesPerSecond
  )
}

/** A layer's passes with what it keeps on its way to the host and back, as far as they are too short to hide it. */
export function withCopies(times: PassTimes, keptBytes: number, pool: NodePool): PassTimes {
  const seconds = keptBytes / hostLink(pool.device, pool.devicesPerNode).bytesPerSecond
  return { ...times, forward: beside(times.forward, seconds), backward: beside(times.backward, seconds) }
}

function beside(compute: Parts, copies: number): Parts {
  const parts = addParts(noParts(), compute)
  const own = totalOf(parts)
  parts.other += smoothMaximum(own, copies) - own
  return parts
}
