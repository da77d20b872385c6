/**
 * What the two versions of control groups call the same things (kernel: admin-guide/cgroup-v1/, admin-guide/cgroup-v2.rst). One table each; all
 * else is written once.
 */
import type { Controller } from './cgroup-layout.ts'

/** What a group may use. A field that is absent has no bound. */
export interface Bounds {
  /** Its part of the processor among its siblings when they all want it: 1024 a core, as Kubernetes counts. */
  readonly cpuShares?: number
  /** Cores. */
  readonly cpuLimit?: number
  readonly memoryBytes?: number
  readonly maxProcesses?: number
}

export interface Setting {
  readonly controller: Controller
  readonly file: string
  readonly text: string
  /** A kernel without it does without. */
  readonly isOptional?: boolean
}

export interface CgroupFiles {
  readonly version: 1 | 2
  /** In the order in which they are written where a bound shrinks; reversed where it grows. */
  settings(bounds: Bounds): readonly Setting[]
  readonly cpuTime: { readonly controller: Controller; readonly file: string; seconds(text: string): number }
  readonly memoryNow: string
  readonly inactiveFile: RegExp
  /** Its line `oom_kill N`. */
  readonly oomFile: string
}

/** The scheduler's period; Kubernetes' default. */
const PERIOD_US = 100_000
/** The kernel refuses less. */
const MIN_QUOTA_US = 1_000

const quotaOf = (cores: number): number => Math.max(MIN_QUOTA_US, Math.ceil(cores * PERIOD_US))
const orElse = (value: number | undefined, none: string): string => (value === undefined ? none : String(value))

export const V1: CgroupFiles = {
  version: 1,
  settings: ({ cpuShares = 2, cpuLimit, memoryBytes, maxProcesses }) => [
    { controller: 'cpu', file: 'cpu.shares', text: String(cpuShares) },
    { controller: 'cpu', file: 'cpu.cfs_period_us', text: String(PERIOD_US) },
    { controller: 'cpu', file: 'cpu.cfs_quota_us', text: cpuLimit === undefined ? '-1' : String(quotaOf(cpuLimit)) },
    { controller: 'memory', file: 'memory.limit_in_bytes', text: orElse(memoryBytes, '-1') },
    // With swap: as the kubelet, a pod gets none.
    { controller: 'memory', file: 'memory.memsw.limit_in_bytes', text: orElse(memoryBytes, '-1'), isOptional: true },
    { controller: 'pids', file: 'pids.max', text: orElse(maxProcesses, 'max'), isOptional: true },
  ],
  cpuTime: { controller: 'cpuacct', file: 'cpuacct.usage', seconds: text => Number(text) / 1e9 },
  memoryNow: 'memory.usage_in_bytes',
  inactiveFile: /^total_inactive_file (\d+)$/m,
  oomFile: 'memory.oom_control',
}

/** 2 to 262144 shares become a weight of 1 to 10000 (KEP-2254). */
const weightOf = (shares: number): number =>
  Math.min(10_000, Math.max(1, 1 + Math.floor(((shares - 2) * 9_999) / 262_142)))

export const V2: CgroupFiles = {
  version: 2,
  settings: ({ cpuShares = 2, cpuLimit, memoryBytes, maxProcesses }) => [
    { controller: 'cpu', file: 'cpu.weight', text: String(weightOf(cpuShares)) },
    { controller: 'cpu', file: 'cpu.max', text: `${cpuLimit === undefined ? 'max' : quotaOf(cpuLimit)} ${PERIOD_US}` },
    { controller: 'memory', file: 'memory.max', text: orElse(memoryBytes, 'max') },
    { controller: 'memory', file: 'memory.swap.max', text: memoryBytes === undefined ? 'max' : '0', isOptional: true },
    { controller: 'pids', file: 'pids.max', text: orElse(maxProcesses, 'max'), isOptional: true },
  ],
  cpuTime: {
    controller: 'cpu',
    file: 'cpu.stat',
    seconds: text => Number(/^usage_usec (\d+)$/m.exec(text)?.[1] ?? 0) / 1e6,
  },
  memoryNow: 'memory.current',
  inactiveFile: /^inactive_file (\d+)$/m,
  oomFile: 'memory.events',
}
