/**
 * How this node holds pods to their limits: by control groups where they can be written (`cgroup-enforcement.ts`), else by watching
 * (`watching-enforcement.ts`). The agent opens a group for each pod, before it knows for which one where a process waits to become it.
 */

import type { ResourceUsage } from '../../client/node-api.ts'
import type { Container, Pod } from '../../kube/core.ts'

export interface Enforcement {
  /** For `describe node`. */
  readonly description: EnforcementDescription
  /** `name` is unique among the pods of this node and its waiting processes; one that is there already is taken over. */
  open(name: string): PodGroup
  /** Of all pods together, those that are gone included. */
  total(): Omit<ResourceUsage, 'startedAt'> | undefined
  /** A start is coming that joins a group: what the kernel needs for that takes it up to 20 ms unless it was told ahead. */
  expectStart(): void
  /** Removes what an earlier life left, but for these; whatever still runs there is killed. */
  recover(keep: readonly string[]): void
  /** All pods have ended: nothing stays. */
  close(): void
}

export interface EnforcementDescription {
  readonly memory: string
  readonly cpu: string
  readonly processes: string
  /** Why nothing better. */
  readonly limitation?: string
}

export interface PodGroup {
  readonly name: string
  /** From now on it is this pod's. Returns what could not be bounded so. */
  bound(pod: Pod): readonly string[]
  /** A life of a container; `name` is unique in the pod. */
  container(name: string): ContainerGroup
  /** Of these no process lives any more. */
  drop(name: string): void
  remove(): void
}

export interface ContainerGroup {
  /** Files that its first process writes itself into. */
  readonly joins: readonly string[]
  /** Makes it, where a process is to join it. Returns what could not be bounded so. */
  bound(container: Container): readonly string[]
  /** It runs, under this wrapper. */
  began(life: RunningLife): void
  usage(): Omit<ResourceUsage, 'startedAt'> | undefined
  /** One of its processes was killed for want of memory. */
  wasOutOfMemory(): boolean
}

export interface RunningLife {
  /** The process that started it; all below it is the container's. Asked for only where it is needed. */
  readonly wrapperPid: () => number | undefined
  /** Ends it. */
  readonly kill: () => void
}

/** The name of a group for a process that waits in a sandbox before its pod is known. */
export const WAITING = 'waiting'
/** Left in the folder of such a process, which becomes that of the container's life. */
export const WAITING_MARK = 'waited'
