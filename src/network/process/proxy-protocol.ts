/** What the server and the proxy process say to each other: JSON, a line each, over a Unix socket. */
import type { Forwarding } from '../services/forwarding.ts'
import type { Refusal } from '../services/service-proxy.ts'

export interface ProxyArguments {
  readonly socket: string
  /** Whether it listens at the Services' own addresses, too. */
  readonly atServices: boolean
  readonly nodeAddresses: readonly string[]
  /** It ends when nobody was connected for so long. */
  readonly patienceSeconds: number
}

export type ProxyRequest =
  | { readonly id: number; readonly apply: readonly Forwarding[] }
  | { readonly id: number; readonly traffic: true }
  | { readonly id: number; readonly end: true }

export interface ProxyReply {
  readonly id: number
  readonly refused?: readonly Refusal[]
  readonly traffic?: Readonly<Record<string, number>>
}
