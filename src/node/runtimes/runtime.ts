/**
 * Ways to bring a container's process to life. They are equals: each says whether it can, and the agent takes the first that can. What
 * runs then is a process under the spawner's wrapper in every case, so signals, logs, records and adoption are the same for all.
 */

import type { Sandbox } from '../sandbox/sandbox.ts'
import type { ProcessEnd } from '../spawner/spawner-client.ts'
import type { InputKind } from '../streams/container-inputs.ts'
import type { WarmSlot } from './warm/warm-slot.ts'

export interface ContainerStart {
  /** Unique in the state folder. */
  readonly id: string
  /** Where this life of the container has its log and its record. Made by the runtime. */
  readonly folder: string
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  readonly sandbox: Sandbox
  /** Files of the groups that bound it (`ContainerGroup.joins`). */
  readonly joins?: readonly string[]
  /** It has a standard input that people can attach to. */
  readonly stdin?: InputKind
  /** A process that waits inside the sandbox for something to run. */
  readonly slot?: WarmSlot
}

export interface StartedContainer {
  /** The spawner's name for its process. */
  readonly process: string
}

export interface Runtime {
  readonly name: string
  canRun(start: ContainerStart): boolean
  /** Throws where the process cannot be started. */
  start(start: ContainerStart, onExit: (end: ProcessEnd) => void): Promise<StartedContainer>
}
