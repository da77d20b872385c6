/** Seconds of a collective among devices that were measured themselves. */
import type { MeasuredDevice } from '../../../spec/measured-device.ts'
import { busFactor } from '../collectives/bus-bandwidth.ts'
import { type CollectiveOp, type CollectiveTime, NO_TIME } from '../collectives/collective.ts'
import { onCurve } from './curve.ts'

/**
 * As it was measured. Of more ranks than were, a rank sends as many more bytes as the best algorithm needs; of fewer, as many less. (Between machines
 * nothing was measured; a slower network than the machine's own memory is not priced.)
 */
export function measuredCollective(
  device: MeasuredDevice,
  op: CollectiveOp,
  bytes: number,
  ranks: number,
): CollectiveTime {
  const curve = device.links[op]
  if (!curve) return NO_TIME
  const factor = busFactor(op, ranks) / busFactor(op, Math.max(2, device.devices))
  return { seconds: onCurve(curve.bytes, curve.seconds, bytes * factor), algorithm: 'Ring', protocol: 'Simple' }
}
