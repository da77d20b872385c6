/**
 * The time of one collective of one group, and what NCCL will run for it: measured curves inside a scale-up domain, NCCL's model over the
 * network. Prices nothing that overlaps: what hides behind what is the step's business.
 */
import type { Fleet, NodePool } from '../../fleet/fleet.ts'
import type { GroupSpan } from '../../fleet/span.ts'
import { measuredCollective } from '../measured/links.ts'
import { acrossDomains } from './across-domains.ts'
import { type Algorithm, type CollectiveOp, type CollectiveTime, NO_TIME } from './collective.ts'
import { insideDomain } from './inside-domain.ts'

/** `bytes`: the whole buffer, as `CollectiveOp` says. `algorithm` fixes what NCCL would choose itself. */
export function collectiveSeconds(
  op: CollectiveOp,
  bytes: number,
  span: GroupSpan,
  pool: NodePool,
  fleet: Fleet,
  algorithm?: Algorithm,
): CollectiveTime {
  if (span.size <= 1 || bytes <= 0) return NO_TIME
  if (pool.device.measured) return measuredCollective(pool.device.measured, op, bytes, span.size)
  return span.domains <= 1
    ? insideDomain(op, bytes, span.size, pool, algorithm)
    : acrossDomains(op, bytes, span, pool, fleet, algorithm)
}
