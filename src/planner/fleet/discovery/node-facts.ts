/**
 * What is known of a node, as plain values: whoever talks to the API server (the command line, a controller) copies them out of Node and
 * ResourceSlice objects, since the planner knows neither.
 */

export interface NodeFacts {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  /** Kubernetes quantities: `nvidia.com/gpu: "8"`. */
  readonly allocatable: Readonly<Record<string, string>>
  /** Cordoned, or not ready. */
  readonly isOut?: boolean
}

/** A `resource.k8s.io` ResourceSlice of one node, its devices' attributes flattened to `name -> value`. */
export interface SliceFacts {
  readonly nodeName: string
  readonly driver: string
  readonly devices: readonly SliceDevice[]
}

export interface SliceDevice {
  readonly name: string
  /** Such as `productName`, `type` (`gpu` or `mig`), `uuid`, `cliqueId`; a domain before the name (`gpu.nvidia.com/`) is ignored. */
  readonly attributes: Readonly<Record<string, string | number | boolean>>
  /** Quantities, such as `memory: 81559Mi`. */
  readonly capacity?: Readonly<Record<string, string>>
}
