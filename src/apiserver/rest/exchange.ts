/** One request for a resource on its way through this folder: who asks what of whom, and where the answer goes. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { User } from '../auth/user.ts'
import type { Engine } from '../resource/engine.ts'
import type { Target } from '../resource/read.ts'
import type { Subresource } from '../resource/subresource.ts'
import type { Upgrade } from '../streams/upgrade.ts'
import type { Query } from './query.ts'

export interface Exchange {
  readonly engine: Engine
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly query: Query
  readonly user: User
  /** Aborts when the client leaves or the server closes. */
  readonly gone: AbortSignal
  /** The client asks to change protocols. */
  readonly upgrade?: Upgrade
}

export interface ResourceExchange extends Exchange {
  readonly target: Target
  readonly subresource?: Subresource
  readonly subresourceName?: string
}
