/** Communication computes as well: a collective keeps some of the device's processors while it runs beside other work. */
import type { CollectiveOp } from '../collectives/collective.ts'
import { ncclProcessors } from '../collectives/processors-taken.ts'
import type { Links } from './links.ts'
import type { Prices } from './prices.ts'

/** Part of the device that a running collective takes from what computes beside it. */
export const stolen = (op: CollectiveOp, { device }: Prices, { pool }: Links): number =>
  device.generation === 'cpu' ? 0 : ncclProcessors(op, pool) / device.processors
