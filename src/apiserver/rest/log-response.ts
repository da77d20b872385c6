/** A container's log as an answer: its bytes as they come, at the client's pace; what cannot be answered is a Status. */
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Engine } from '../resource/engine.ts'
import { podLog } from '../resource/log.ts'
import type { Target } from '../resource/read.ts'
import { methodNotAllowed } from '../resource/refusals.ts'
import { logOptions, type Query } from './query.ts'

/** A follower of a silent container gets its header after so long. */
const QUIET_MS = 50

export interface LogExchange {
  readonly engine: Pick<Engine, 'store' | 'nodeApi'>
  readonly target: Target
  readonly query: Query
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly gone: AbortSignal
}

export async function sendLog({ engine, target, query, request, response, gone }: LogExchange): Promise<void> {
  if (request.method !== 'GET') throw methodNotAllowed()
  const chunks = podLog(engine, target, logOptions(query, gone))
  const iterator = chunks[Symbol.asyncIterator]()
  // What the node refuses is still a Status.
  const first = iterator.next()
  const isQuiet = await Promise.race([first.then(() => false), soon()])
  response.writeHead(200, { 'content-type': 'text/plain', 'cache-control': 'no-cache, private' })
  if (isQuiet) response.flushHeaders()
  try {
    for (let next = await first; !next.done && !gone.aborted; next = await iterator.next()) {
      if (!response.write(next.value)) await once(response, 'drain', { signal: gone }).catch(() => {})
    }
  } finally {
    await iterator.return?.()
    response.end()
  }
}

const soon = (): Promise<true> => new Promise(resolve => setTimeout(resolve, QUIET_MS, true))
