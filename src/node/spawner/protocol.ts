/**
 * What is said over the spawner's socket: a JSON value a line. Requests carry a number, and their answer the same; events come unasked.
 * What processes read and write never passes here, except the output of host commands.
 */
import type { HostCommandOptions } from '../../base/host-commands.ts'
import type { ProcessIdentity } from './process-identity.ts'

/** How a server tells its spawner by its exit code that it should not be started again. */
export const SERVER_EXIT = {
  stopped: 0,
  /** sysexits' EX_CONFIG: it cannot work like this, and the log says why. */ unusable: 78,
} as const

/** A process of a container, or one that waits to become one. */
export interface StartProcess {
  /** Chosen by the caller, unique in the state folder. */
  readonly process: string
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  /** Put before the wrapper (`Sandbox.enter`). */
  readonly enter: readonly string[]
  /** An existing folder; `log` and `status` are written there. It may be renamed while the process runs. */
  readonly folder: string
  /** FIFOs for its standard input and outputs, which the agent holds the other ends of; without, it reads nothing and writes its log. */
  readonly ends?: Ends
  /** Files of control groups that the command is in before it runs (`Cgroup.joins`); at most four. */
  readonly joins?: readonly string[]
  /** Gives the process a descriptor 4 on which it gets one line, by `handOver`. */
  readonly listens?: boolean
}

export interface Ends {
  /** Absent: it reads nothing. */
  readonly stdin?: string
  /** It holds the other end too, and so never sees an end. */
  readonly stdinStays?: boolean
  /** Absent: it writes its log. */
  readonly stdout?: string
  readonly stderr?: string
}

export interface Adoption extends ProcessIdentity {
  readonly process: string
}

export interface Requests {
  /** An agent keeps the spawner alive. */
  hello: { ask: { readonly role: 'agent' | 'client'; readonly pid: number }; answer: { readonly pid: number } }
  start: { ask: StartProcess; answer: ProcessIdentity }
  handOver: { ask: { readonly process: string; readonly line: string }; answer: Record<string, never> }
  /** To the whole process group. `sent` is false where it has ended. */
  signal: {
    ask: { readonly process: string; readonly signal: NodeJS.Signals }
    answer: { readonly sent: boolean }
  }
  /** Watch over processes that another spawner started. Those not in the answer have ended; their records say how. */
  adopt: { ask: { readonly processes: readonly Adoption[] }; answer: { readonly alive: readonly string[] } }
  run: {
    ask: { readonly argv: readonly string[] } & HostCommandOptions
    answer: { readonly code: number; readonly stdout: string; readonly stderr: string }
  }
  list: { ask: Record<string, never>; answer: SpawnerReport }
  /** Ends everything; the spawner is gone when the connection closes. */
  shutdown: { ask: { readonly graceMs?: number }; answer: Record<string, never> }
}

/** A program of the cluster that it keeps running. */
export interface PartReport {
  readonly pid?: number
  readonly restarts: number
  /** Of the last one that ended. */
  readonly lastExitCode?: number
}

export interface SpawnerReport {
  readonly pid: number
  readonly processes: readonly Adoption[]
  readonly parts: Readonly<Record<string, PartReport>>
}

export type Operation = keyof Requests
export type Ask<O extends Operation> = Requests[O]['ask']
export type Answer<O extends Operation> = Requests[O]['answer']

export type Request = { [O in Operation]: { readonly id: number; readonly op: O; readonly ask: Ask<O> } }[Operation]

export type Message =
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly error: string }
  /** A process that listens said that it is ready to be handed something. */
  | { readonly ready: string }
  /** A process ended: with its code, or 128 and the signal. */
  | { readonly exited: string; readonly code: number }
