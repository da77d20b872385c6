/** Who carries forwardings out: the kernel's tables or a process. Both do the same, and share one test suite (`proxy-contract.ts`). */
import type { Forwarding } from './forwarding.ts'

export interface ServiceProxy {
  /** For `describe node` and logs. */
  readonly kind: 'nftables' | 'process'
  /** From now on so, and no other way. Resolves when it is so. Connections that are open go on. Forwardings that cannot be are told. */
  apply(forwardings: readonly Forwarding[]): Promise<readonly Refusal[]>
  /** Bytes or packets so far of those that are metered, by key: a number that stands still says that nobody talks. */
  traffic(): Promise<ReadonlyMap<string, number>>
  close(): Promise<void>
}

export interface Refusal {
  readonly key: string
  readonly message: string
}
