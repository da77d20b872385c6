/**
 * A pod's surroundings: its namespaces (as far as this machine allows), its address and its volumes. Sandboxes are made ahead, in a
 * pool, since making one takes tens of milliseconds and taking one must take none.
 */

import type { HostsEntry } from './hosts-file.ts'

/** full: network, mount and process namespaces (root). mount: mount and process ones (unprivileged user namespaces). none: neither. */
export type Isolation = 'full' | 'mount' | 'none'

/** A folder or file of the host to appear at `target` inside the pod. */
export interface Mount {
  readonly source: string
  readonly target: string
  readonly readOnly: boolean
}

export type Outcome = { readonly ok: true } | { readonly ok: false; readonly message: string }

export interface Sandbox {
  readonly id: string
  /** The pod's IP. An address of its own in 127.0.0.0/8 where there is no network namespace. */
  readonly address: string
  /** Where the API server answers as seen from inside (KUBERNETES_SERVICE_HOST). */
  readonly apiHost: string
  /**
   * Put before the argv of the wrapper that starts a container; empty without namespaces. The wrapper then runs with the pod's network,
   * files and host name, but counts in the host's process namespace (its `$!` and signals are the host's, and it outlives the
   * sandbox, so it can still record how the container ended); what it starts is in the pod's. Its working directory is `/`: it must `cd`.
   */
  readonly enter: readonly string[]
  /**
   * $SOLVENT_ROOT, a folder of the host that is visible under the same path inside: every volume lies at `root + mountPath`, with mount
   * namespaces or without.
   */
  readonly root: string
  /** A folder of the host for the contents of volumes, a folder each; it goes with the sandbox. */
  readonly volumes: string
  /** False when something was mounted on the machine since that it cannot show: it may not be given to another pod. */
  isCurrent(): boolean
  /** Makes `mounts` visible at their targets inside. Refused (with the sentence for the Event) where there is no mount namespace. */
  mount(mounts: readonly Mount[]): Promise<Outcome>
  /**
   * Sets host name and the hosts file that names resolve by. With `resolver` (the text of a resolv.conf) names of the cluster are DNS's
   * to answer; without it they must all be among `entries`.
   */
  setHosts(hostname: string, entries: readonly HostsEntry[], resolver?: string): Promise<void>
  /**
   * Kills whatever is left inside, empties `root` and gives the sandbox back: a later `create()` may hand it out again where nothing
   * of the pod can remain (no mounts of its own, no process, no connection), and is instant then.
   */
  destroy(): Promise<void>
}

export interface Sandboxes {
  readonly isolation: Isolation
  /** Why not `full`, for `describe node`. */
  readonly limitation?: string
  /** One that is empty: a used one at once, or a new one (tens of milliseconds). The pool calls it ahead of need. */
  create(): Promise<Sandbox>
  /** Frees what an earlier life of this state folder left behind, but for the ids in `keep` (pods to adopt); returns those as sandboxes. */
  recover(keep: readonly string[]): Promise<readonly Sandbox[]>
  close(): Promise<void>
}

export interface Addresses {
  /** `wanted` is one that a pod of an earlier life still has. */
  take(wanted?: string): string
  giveBack(address: string): void
}

export interface Wiring {
  /** The network namespace of the switch, for `nsenter --net=`. */
  readonly switchPath: string
  /** Lines for `ip -batch` at the switch, with the sandbox's process id as `$pid`. */
  readonly outside: string
  /** Lines for `ip -batch` inside the sandbox. */
  readonly inside: string
}

/** What sandboxes need of the network; network/'s `PodNetwork` is one. */
export interface SandboxNetwork {
  readonly hostAddress: string | undefined
  /** Where pods at the switch find DNS, best first. */
  readonly nameservers: readonly string[]
  /** Makes the switch that `bridged` addresses are at. */
  open(): Promise<Outcome>
  readonly bridged: Addresses
  readonly shared: Addresses
  wiring(address: string): Wiring
  close(): Promise<void>
}
