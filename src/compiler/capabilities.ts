/** What a cluster can do, found out by discovery and by its nodes, never by a flag. Handed to `compile` as a value. */
export interface Capabilities {
  /** The embedded cluster runs commands on this machine's programs: no image is needed there. */
  readonly embedded: boolean
  /** The gang API that is served: native `scheduling.k8s.io/v1beta1`, or none. */
  readonly gang: 'podgroup' | 'none'
  /** Who holds a request while the first copy of a Server starts. */
  readonly fromZero?: 'activator' | 'knative' | 'keda-http'
  /** Who corrects requests to what is used. */
  readonly rightSizing?: 'recommender' | 'vpa'
  /** Whether a HorizontalPodAutoscaler may aim at what copies tell of themselves (`custom.metrics.k8s.io`). */
  readonly podMetrics?: boolean
  /** A controller of ours is there, which judges a canary, and clears away what no revision refers to any more. */
  readonly operator?: boolean
}

export const EMBEDDED: Capabilities = {
  embedded: true,
  gang: 'podgroup',
  fromZero: 'activator',
  rightSizing: 'recommender',
  podMetrics: true,
  operator: true,
}
