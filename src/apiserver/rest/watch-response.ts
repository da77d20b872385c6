/** A watch over HTTP: one line of JSON an event, as fast as the client reads and no faster. It leaves nothing behind when it goes. */

import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { Resource } from '../resource/resource.ts'
import type { Batch, SeenEvent } from '../resource/watch.ts'
import type { Table } from '../tables/table.ts'
import { type EncodeOptions, encodeObject, servedText } from './encode.ts'
import { statusOf } from './respond.ts'

export type WatchEncoding = EncodeOptions & { readonly clock: () => number }

export async function sendWatch(
  response: ServerResponse,
  resource: Resource,
  batches: AsyncIterable<Batch>,
  options: WatchEncoding,
  gone: AbortSignal,
): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache, private' })
  // Clients wait for the header before they believe that they watch.
  response.flushHeaders()
  const line = lineOf(resource, options)
  try {
    for await (const batch of batches) {
      if (response.write(batch.map(line).join(''))) continue
      await drained(response, gone)
    }
  } catch (error) {
    if (!gone.aborted) response.write(errorLine(error))
  }
  response.end()
}

async function drained(response: ServerResponse, gone: AbortSignal): Promise<void> {
  await once(response, 'drain', { signal: gone }).catch(error => {
    if (!gone.aborted) throw error
  })
}

/** Of one watch: a table's columns are named with its first event. */
export const lineOf = (resource: Resource, options: WatchEncoding): ((event: SeenEvent) => string) =>
  options.form.kind === 'object' ? plainLine(resource) : transformedLine(resource, options)

export const errorLine = (error: unknown): string => `${JSON.stringify({ type: 'ERROR', object: statusOf(error) })}\n`

function plainLine(resource: Resource): (event: SeenEvent) => string {
  const text = servedText(resource)
  return ({ type, object, encoded }) =>
    encoded ? `{"type":"${type}","object":${text(encoded)}}\n` : `${JSON.stringify({ type, object })}\n`
}

/** Columns are named with the first event only. */
function transformedLine(resource: Resource, options: WatchEncoding) {
  let isFirst = true
  return ({ type, object }: SeenEvent): string => {
    const encoded = encodeObject(resource, object, { ...options, now: options.clock() })
    if (options.form.kind !== 'table') return `${JSON.stringify({ type, object: encoded })}\n`
    const table = encoded as Table
    const rows = type === 'BOOKMARK' ? [] : table.rows
    const shown = { ...table, rows, ...(!isFirst && { columnDefinitions: null }) }
    isFirst = false
    return `${JSON.stringify({ type, object: shown })}\n`
  }
}
