/** A watch over HTTP: one line of JSON an event, as fast as the client reads and no faster. It leaves nothing behind when it goes. */

import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { Resource } from '../resource/resource.ts'
import type { Batch, SeenEvent } from '../resource/watch.ts'
import type { Table } from '../tables/table.ts'
import { type EncodeOptions, encodeObject, servedText } from './encode.ts'
import { statusOf } from './respond.ts'

export async function sendWatch(
  response: ServerResponse,
  resource: Resource,
  batches: AsyncIterable<Batch>,
  options: EncodeOptions & { readonly clock: () => number },
  gone: AbortSignal,
): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache, private' })
  // Clients wait for the header before they believe that they watch.
  response.flushHeaders()
  const line = options.form.kind === 'object' ? plainLine(resource) : transformedLine(resource, options)
  try {
    for await (const batch of batches) {
      if (response.write(batch.map(line).join(''))) continue
      await drained(response, gone)
    }
  } catch (error) {
    if (!gone.aborted) response.write(`${JSON.stringify({ type: 'ERROR', object: statusOf(error) })}\n`)
  }
  response.end()
}

async function drained(response: ServerResponse, gone: AbortSignal): Promise<void> {
  await once(response, 'drain', { signal: gone }).catch(error => {
    if (!gone.aborted) throw error
  })
}

function plainLine(resource: Resource): (event: SeenEvent) => string {
  const text = servedText(resource)
  return ({ type, object, encoded }) =>
    encoded ? `{"type":"${type}","object":${text(encoded)}}\n` : `${JSON.stringify({ type, object })}\n`
}

/** Columns are named with the first event only. */
function transformedLine(resource: Resource, options: EncodeOptions & { readonly clock: () => number }) {
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
