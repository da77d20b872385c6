/** The autoscaler's measures, as kube-controller-manager's flags --horizontal-pod-autoscaler-* have them by default. */
export interface AutoscalerTimes {
  readonly syncMs: number
  readonly downStabilizationMs: number
  /** How far a ratio may be from 1 before anything happens. */
  readonly tolerance: number
  readonly cpuInitializationMs: number
  readonly initialReadinessMs: number
}

export const AUTOSCALER_TIMES: AutoscalerTimes = {
  syncMs: 15_000,
  downStabilizationMs: 300_000,
  tolerance: 0.1,
  cpuInitializationMs: 300_000,
  initialReadinessMs: 30_000,
}
