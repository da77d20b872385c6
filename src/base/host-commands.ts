/**
 * Starting a command of the host (`ip`, `mount`, `nsenter`, `unshare`) behind one small interface. `cluster/` gives `node/` and
 * `network/` the spawner behind it, since a large process must never fork (libuv copies page tables: 50 ms a GiB).
 */
export interface HostCommandResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface HostCommandOptions {
  readonly stdin?: string
  /** Then it is killed. */
  readonly timeoutMs?: number
  /** Instead of the starter's own. It is a command of a pod then: when its time is over, all that it started goes with it. */
  readonly env?: Readonly<Record<string, string>>
}

export interface HostCommands {
  /** Runs `argv` (no shell) to its end. A command that is not there gives code 127. Never throws. */
  run(argv: readonly string[], options?: HostCommandOptions): Promise<HostCommandResult>
}
