/** A container's log as an answer: its bytes as they come, at the client's pace; what cannot be answered is a Status. */
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { LogOptions } from '../../client/kube-api.ts'
import type { Engine } from '../resource/engine.ts'
import { denied, invalidObject } from '../resource/field-error.ts'
import { podLog } from '../resource/log.ts'
import type { Target } from '../resource/read.ts'
import { badRequest, methodNotAllowed } from '../resource/refusals.ts'
import { streamFlag } from '../streams/stream-flag.ts'
import type { Query } from './query.ts'

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
  const chunks = podLog(engine, target, logOptions(query.parameters, target.name, gone))
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

/** corev1.PodLogOptions as a query, read as Go reads it; what cannot be read is a 400. */
function logOptions(query: URLSearchParams, name: string, signal: AbortSignal): LogOptions {
  if (query.get('stream')) {
    // Upstream's, while its PodLogsQuerySplitStreams is off; our logs hold both outputs in one.
    throw invalidObject({ group: '', kind: 'PodLogOptions' }, name, [denied('stream', 'may not be specified')])
  }
  return {
    container: query.get('container') || undefined,
    follow: streamFlag(query, 'follow') || undefined,
    previous: streamFlag(query, 'previous') || undefined,
    timestamps: streamFlag(query, 'timestamps') || undefined,
    tailLines: whole(query.get('tailLines')),
    limitBytes: whole(query.get('limitBytes')),
    sinceSeconds: whole(query.get('sinceSeconds')),
    sinceTime: time(query.get('sinceTime')),
    signal,
  }
}

function whole(text: string | null): number | undefined {
  if (text === null || text === '') return undefined
  if (!/^[+-]?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`)
  if (!Number.isSafeInteger(Number(text))) {
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: value out of range`)
  }
  return Number(text)
}

const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/

function time(text: string | null): string | undefined {
  if (text === null || text === '') return undefined
  if (RFC3339.test(text) && !Number.isNaN(Date.parse(text))) return text
  const shown = JSON.stringify(text)
  throw badRequest(`parsing time ${shown} as "2006-01-02T15:04:05Z07:00": cannot parse ${shown} as "2006"`)
}
