/**
 * The user's module, whichever way it answers: as node:http does, `(request, response)`, or as the Fetch standard has it, a function
 * `(request) => Response` or an object with such a `fetch`.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream } from 'node:stream/web'
import { pathToFileURL } from 'node:url'
import { gunzipSync } from 'node:zlib'

type Answer = (request: Request) => Response | Promise<Response>

export async function loadHandler(codePath: string): Promise<RequestListener> {
  const folder = mkdtempSync(join(tmpdir(), 'solvent-serve-'))
  try {
    const file = join(folder, 'module.mjs')
    writeFileSync(file, gunzipSync(readFileSync(codePath)))
    // Before the import: Node reads the source map of a module when it compiles it.
    process.setSourceMapsEnabled(true)
    const { serve } = (await import(pathToFileURL(file).href)) as { readonly serve: unknown }
    return handlerOf(serve)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** `exported`: the default export of the module. */
export function handlerOf(exported: unknown): RequestListener {
  if (typeof exported === 'function') {
    return exported.length >= 2 ? guarded(exported as RequestListener) : answering(exported as Answer)
  }
  const { fetch } = (exported ?? {}) as { readonly fetch?: Answer }
  if (typeof fetch === 'function') return answering(request => fetch.call(exported, request))
  throw new TypeError(
    'the default export of the module must be (request) => Response, { fetch(request) } or (request, response) => void',
  )
}

const guarded =
  (listener: RequestListener): RequestListener =>
  async (request, response) => {
    try {
      await listener(request, response)
    } catch (error) {
      fail(response, error)
    }
  }

const answering =
  (answer: Answer): RequestListener =>
  async (incoming, outgoing) => {
    try {
      await send(await answer(requestOf(incoming)), outgoing)
    } catch (error) {
      fail(outgoing, error)
    }
  }

/** A mistake of one request ends that request, not the others. */
function fail(response: ServerResponse, error: unknown): void {
  console.error(error)
  if (response.headersSent) response.destroy()
  else response.writeHead(500, { 'content-type': 'text/plain' }).end('Internal Server Error\n')
}

const WITHOUT_BODY = new Set(['GET', 'HEAD'])

function requestOf(incoming: IncomingMessage): Request {
  const { method = 'GET', headers, url = '/' } = incoming
  const all = Object.entries(headers).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [value].flat().map(one => [name, one]),
  )
  const body = WITHOUT_BODY.has(method)
    ? {}
    : { body: Readable.toWeb(incoming) as globalThis.ReadableStream, duplex: 'half' as const }
  return new Request(new URL(url, `http://${headers.host ?? 'localhost'}`), { method, headers: all, ...body })
}

async function send({ status, headers, body }: Response, outgoing: ServerResponse): Promise<void> {
  const cookies = headers.getSetCookie()
  const rest = Object.fromEntries([...headers].filter(([name]) => name !== 'set-cookie'))
  outgoing.writeHead(status, { ...rest, ...(cookies.length > 0 ? { 'set-cookie': cookies } : {}) })
  if (body) await pipeline(Readable.fromWeb(body as ReadableStream), outgoing)
  else outgoing.end()
}
