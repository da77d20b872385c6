/** All scenarios, in the order in which they are sent. */
import { APPLIES } from './apply.ts'
import { COLLECTOR } from './collector.ts'
import { CUSTOM } from './custom.ts'
import { KINDS } from './kinds.ts'
import { PODS } from './pods.ts'
import { READS } from './reads.ts'
import type { Scenario } from './request.ts'
import { SERVICES } from './services.ts'
import { SUBRESOURCES } from './subresources.ts'
import { WORKLOADS } from './workloads.ts'
import { WRITES } from './writes.ts'

export const SCENARIOS: readonly Scenario[] = [
  ...WRITES,
  ...APPLIES,
  ...READS,
  ...PODS,
  ...SERVICES,
  ...WORKLOADS,
  ...SUBRESOURCES,
  ...CUSTOM,
  ...KINDS,
  ...COLLECTOR,
]
