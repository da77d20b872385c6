/** As much of HTTP/1.1 as a load generator needs: where an answer ends, its status, one header, whether the connection goes on. */

export interface Answer {
  readonly status: number
  readonly share: string | undefined
  readonly mayGoOn: boolean
}

type Body = { kind: 'length'; left: number } | { kind: 'chunked' } | { kind: 'until-close' }

/** Feed it what came; it answers when the response is complete. Throws on what is no HTTP. */
export interface ResponseParser {
  feed(data: Buffer): Answer | undefined
  /** The connection ended: an answer without a length is complete now. */
  end(): Answer | undefined
  hasBegun(): boolean
}

const END_OF_HEAD = Buffer.from('\r\n\r\n')

export function createResponseParser(shareBy: string | undefined, isHead = false): ResponseParser {
  const header = shareBy?.toLowerCase()
  let held: Buffer = Buffer.alloc(0)
  let answer: Answer | undefined
  let body: Body | undefined

  function finish(): Answer | undefined {
    const done = answer
    answer = undefined
    body = undefined
    return done
  }

  function readHead(): boolean {
    const end = held.indexOf(END_OF_HEAD)
    if (end < 0) return false
    const [first = '', ...lines] = held.toString('latin1', 0, end).split('\r\n')
    const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(first)?.[1])
    if (!status) throw new Error(`no HTTP answer: ${first.slice(0, 40)}`)
    const headers = new Map(
      lines.map(line => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
    )
    held = held.subarray(end + END_OF_HEAD.length)
    if (status >= 100 && status < 200) return readHead()
    const length = headers.get('content-length')
    const isChunked = headers.get('transfer-encoding')?.toLowerCase().includes('chunked') ?? false
    const hasBody = !isHead && status !== 204 && status !== 304
    const untilClose = hasBody && !isChunked && length === undefined
    const mayGoOn = headers.get('connection')?.toLowerCase() !== 'close' && !first.startsWith('HTTP/1.0') && !untilClose
    answer = { status, share: header === undefined ? undefined : headers.get(header), mayGoOn }
    body = !hasBody
      ? { kind: 'length', left: 0 }
      : isChunked
        ? { kind: 'chunked' }
        : length === undefined
          ? { kind: 'until-close' }
          : { kind: 'length', left: Number(length) }
    return true
  }

  function readChunks(): boolean {
    for (;;) {
      const end = held.indexOf('\r\n')
      if (end < 0) return false
      const size = Number.parseInt(held.toString('latin1', 0, end), 16)
      if (Number.isNaN(size)) throw new Error('no chunk size')
      const next = end + 2 + size + 2
      if (held.length < next) return false
      held = held.subarray(next)
      if (size === 0) return true
    }
  }

  return {
    feed(data) {
      held = held.length === 0 ? data : Buffer.concat([held, data])
      if (body === undefined && !readHead()) return undefined
      if (body?.kind === 'chunked') return readChunks() ? finish() : undefined
      if (body?.kind === 'until-close') {
        held = Buffer.alloc(0)
        return undefined
      }
      if (body === undefined) return undefined
      const taken = Math.min(body.left, held.length)
      body.left -= taken
      held = held.subarray(taken)
      return body.left === 0 ? finish() : undefined
    },
    end: () => (body?.kind === 'until-close' ? finish() : undefined),
    hasBegun: () => body !== undefined || held.length > 0,
  }
}
