/** How long nodes may be silent, and how fast pods are taken off those that are (the flags of kube-controller-manager). */

export interface NodeTimes {
  /** Between two looks at all nodes (`nodeMonitorPeriod`). */
  readonly monitorPeriodMs: number
  /** A node that renewed neither its Lease nor its status for longer is `Unknown` (`--node-monitor-grace-period`). */
  readonly graceMs: number
  /** The same for a node that has never said how it is (`--node-startup-grace-period`). */
  readonly startupGraceMs: number
  /** Nodes of a zone that are tainted in a second (`--node-eviction-rate`). */
  readonly evictionsPerSecond: number
  /** The same in a large zone where many nodes are not ready; in a small one none is then (`--secondary-node-eviction-rate`). */
  readonly secondaryEvictionsPerSecond: number
  /** A zone with more nodes is large (`--large-cluster-size-threshold`). */
  readonly largeZone: number
  /** From this share of nodes that are not ready on, and three of them, a zone is disrupted (`--unhealthy-zone-threshold`). */
  readonly unhealthyShare: number
}

/** Kubernetes 1.37's defaults. */
export const UPSTREAM_NODE_TIMES: NodeTimes = {
  monitorPeriodMs: 5_000,
  graceMs: 50_000,
  startupGraceMs: 60_000,
  evictionsPerSecond: 0.1,
  secondaryEvictionsPerSecond: 0.01,
  largeZone: 50,
  unhealthyShare: 0.55,
}

/**
 * For nodes on one machine, which renew their Leases every second: with the default toleration of one second, pods of a dead node serve
 * elsewhere within six (docs/controllers.md).
 */
export const EMBEDDED_NODE_TIMES: NodeTimes = {
  ...UPSTREAM_NODE_TIMES,
  monitorPeriodMs: 250,
  graceMs: 4_000,
  startupGraceMs: 10_000,
  evictionsPerSecond: 10,
  secondaryEvictionsPerSecond: 1,
}
