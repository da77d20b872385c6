/** The judges in kube-scheduler's order (apis/config/v1/default_plugins.go): of several that refuse a node, the first says why. */
import { hostPortsAreFree } from './host-ports.ts'
import type { Judge } from './judge.ts'
import { nodeAffinityHolds } from './node-affinity.ts'
import { companyIsRight } from './pod-affinity.ts'
import { resourcesSuffice, usageIsBalanced } from './resources.ts'
import { isNotCordoned, taintsAreTolerated } from './taints.ts'
import { spreadIsKept } from './topology-spread.ts'

export const JUDGES: readonly Judge[] = [
  isNotCordoned,
  taintsAreTolerated,
  nodeAffinityHolds,
  hostPortsAreFree,
  resourcesSuffice,
  spreadIsKept,
  companyIsRight,
  usageIsBalanced,
]
