/** What a cluster can do, found out by discovery and by its nodes, never by a flag. Handed to `compile` as a value. */
export interface Capabilities {
  /** The embedded cluster runs commands on this machine's programs: no image is needed there. */
  readonly embedded: boolean
  /** The gang API that is served: native `scheduling.k8s.io/v1beta1`, or none. */
  readonly gang: 'podgroup' | 'none'
}

export const EMBEDDED: Capabilities = { embedded: true, gang: 'podgroup' }
