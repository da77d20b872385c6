/**
 * What the API server asks of the node agent, as kube-apiserver asks a kubelet: a container's log, a command inside it, its terminal, a
 * connection to one of its ports, and what its pods use. `cluster/` joins the two.
 */
import type { Duplex, Readable, Writable } from 'node:stream'
import type { Instant } from '../base/clock.ts'
import type { Pod } from '../kube/core.ts'
import type { LogOptions } from './kube-api.ts'

export interface NodeApi {
  /** Bytes of the container's log as they come. Throws ApiError BadRequest where the container has not started yet. */
  logs(pod: Pod, container: string, options: LogOptions): AsyncIterable<Uint8Array>
  /** Absent: this node runs nothing that one could enter. */
  readonly streams?: NodeStreams
  /** What the node and its pods use now; plain JSON, so that it may come over a wire. Absent: this node measures nothing. */
  usage?(): Promise<NodeUsage>
}

/** Counters and levels as read at one time, like the kubelet's /metrics/resource: who wants a rate asks twice. */
export interface NodeUsage {
  readonly at: Instant
  /** Of the whole machine. */
  readonly node: ResourceUsage
  /** Those that have a running container; running containers only. */
  readonly pods: readonly PodUsage[]
}

export interface PodUsage {
  readonly uid: string
  readonly namespace: string
  readonly name: string
  readonly containers: readonly ContainerUsage[]
}

export interface ContainerUsage extends ResourceUsage {
  readonly name: string
}

export interface ResourceUsage {
  /** Since when `cpuSeconds` counts: a restarted container begins anew, and a rate across two beginnings means nothing. */
  readonly startedAt: Instant
  /** Processor time used since then. */
  readonly cpuSeconds: number
  /** The working set: what could not be given back at once (without cgroups the proportional set size). */
  readonly memoryBytes: number
}

/** By the name of the node; undefined where nobody answers for it. */
export type NodeLookUp = (nodeName: string) => NodeApi | undefined

export interface NodeStreams {
  /** Rejects with an Error whose message is for the user: the container does not run, the program is not there. */
  exec(pod: Pod, container: string, options: ExecOptions): Promise<Session>
  /** What the container's main process writes from now on, and what it reads if it has a standard input. */
  attach(pod: Pod, container: string, options: SessionOptions): Promise<Session>
  /** A connection to what listens on `port` inside the pod. */
  portForward(pod: Pod, port: number): Promise<Duplex>
}

export interface SessionOptions {
  readonly stdin: boolean
  readonly stdout: boolean
  /** Never with `tty`: a terminal has one output. */
  readonly stderr: boolean
  readonly tty: boolean
}

export interface ExecOptions extends SessionOptions {
  readonly command: readonly string[]
}

export interface TerminalSize {
  readonly width: number
  readonly height: number
}

/** A process inside a container whose ends somebody holds. */
export interface Session {
  readonly stdin?: Writable
  readonly stdout?: Readable
  readonly stderr?: Readable
  resize(size: TerminalSize): void
  /** The exit code. What it wrote may still have to be read. */
  readonly ended: Promise<number>
  /** Nobody listens any more: what was started for this goes. May be called at any time, several times. */
  close(): void
}
