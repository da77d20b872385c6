/**
 * A watch over a WebSocket: a text message an event (k8s.io/apiserver's WatchServer.HandleWS). Java's fabric8 asks so before anything else.
 */
import type { IncomingMessage } from 'node:http'
import { apiError } from '../../kube/status.ts'
import { badRequest } from '../resource/refusals.ts'
import type { Resource } from '../resource/resource.ts'
import type { Batch } from '../resource/watch.ts'
import { acceptWebSocket, offeredSubprotocols, type Upgrade } from '../streams/upgrade.ts'
import { errorLine, lineOf, type WatchEncoding } from './watch-response.ts'

export async function sendWatchMessages(
  { request, upgrade }: { readonly request: IncomingMessage; readonly upgrade: Upgrade },
  resource: Resource,
  begin: () => AsyncIterable<Batch>,
  options: WatchEncoding,
  gone: AbortSignal,
): Promise<void> {
  const protocol = protocolOf(request)
  // What is wrong with the query is told before the connection changes its protocol.
  const batches = begin()
  const socket = await acceptWebSocket(request, upgrade, protocol).catch(() => undefined)
  // Whatever is wrong with it later, it is closed then, and `gone` says so.
  socket?.on('error', () => {})
  const send = (text: string) => new Promise<void>(sent => (socket ? socket.send(text, () => sent()) : sent()))
  const line = lineOf(resource, options)
  try {
    // As fast as the client reads: messages leave in order, so the last one stands for all.
    for await (const batch of batches) {
      // The watch has begun, so it has to be ended, even if nobody will hear of it.
      if (!socket) break
      await batch.map(event => send(line(event))).at(-1)
    }
  } catch (error) {
    if (!gone.aborted) await send(errorLine(error))
  }
  socket?.close(1000)
}

/** Upstream's library refuses who names no Origin, and takes whatever protocol is offered as long as it is one. */
function protocolOf(request: IncomingMessage): string {
  if (!request.headers.origin) throw apiError('Forbidden', 'a WebSocket that watches has to name its Origin')
  const [protocol = '', ...others] = offeredSubprotocols(request)
  if (others.length > 0) throw badRequest('a WebSocket that watches can offer one subprotocol only')
  return protocol
}
