/** What a write is told besides its object: where everything lies, who writes, and how. */
import type { Clock } from '../../base/clock.ts'
import type { User } from '../auth/user.ts'
import type { Store } from '../store/store.ts'
import type { ServiceAddresses } from './service-addresses.ts'

export interface WriteContext {
  readonly store: Store
  readonly clock: Clock
  readonly addresses: ServiceAddresses
  /** How long pods stay on a node that is not ready, unless they say so themselves. */
  readonly tolerationSeconds?: number
}

export interface WriteRequest {
  /** Who is said to own the fields that change. */
  readonly manager: string
  readonly dryRun?: boolean
  readonly subresource?: string
  /** Who writes; the server itself unless given. */
  readonly user?: User
  /** Tells the client something that is no error. */
  readonly warn?: (text: string) => void
  /** What a refusal calls an object whose name was generated. */
  readonly shownName?: string
  /** The server's own change (a binding), to which the rules for clients do not apply. */
  readonly isServerOwn?: boolean
}
