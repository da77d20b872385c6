/**
 * Names and values of SPDY/3.1 (draft-mbelshe-httpbis-spdy-00, 2.6.10), which travel through one zlib stream a direction that lives as
 * long as the connection. Both ends start it with the draft's dictionary.
 */
import { constants, createDeflate, createInflate, type Deflate, type Inflate } from 'node:zlib'

export type Headers = ReadonlyMap<string, string>

/** A client of ours sends a few dozen bytes; a small packet must not become gigabytes. */
const MAX_BLOCK_BYTES = 64 * 1024

const WORDS =
  'options head post put delete trace accept accept-charset accept-encoding accept-language accept-ranges age allow authorization ' +
  'cache-control connection content-base content-encoding content-language content-length content-location content-md5 content-range ' +
  'content-type date etag expect expires from host if-match if-modified-since if-none-match if-range if-unmodified-since last-modified ' +
  'location max-forwards pragma proxy-authenticate proxy-authorization range referer retry-after server te trailer transfer-encoding ' +
  'upgrade user-agent vary via warning www-authenticate method get status 200_OK version HTTP/1.1 url public set-cookie keep-alive origin'

const TAIL =
  '100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505203 Non-Authoritative Information' +
  '204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidden404 Not Found500 Internal Server Error' +
  '501 Not Implemented503 Service UnavailableJan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, ' +
  'Sun, GMTchunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,text/javascript,public' +
  'privatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0.'

function sized(text: string): Buffer {
  const bytes = Buffer.from(text)
  const size = Buffer.alloc(4)
  size.writeUInt32BE(bytes.length)
  return Buffer.concat([size, bytes])
}

export const DICTIONARY: Buffer = Buffer.concat([
  ...WORDS.split(' ').map(word => sized(word.replace('_', ' '))),
  Buffer.from(TAIL),
])

/** What a peer sends, in the order in which it comes. */
export class HeaderReader {
  readonly #inflate: Inflate = createInflate({ dictionary: DICTIONARY })
  #fail: ((error: Error) => void) | undefined
  #chunks: Buffer[] = []
  #bytes = 0

  constructor() {
    this.#inflate.on('data', (chunk: Buffer) => {
      this.#bytes += chunk.length
      if (this.#bytes <= MAX_BLOCK_BYTES) this.#chunks.push(chunk)
    })
    this.#inflate.on('error', error => this.#fail?.(error))
  }

  read(block: Buffer): Promise<Headers> {
    this.#chunks = []
    this.#bytes = 0
    return new Promise((resolve, reject) => {
      this.#fail = reject
      this.#inflate.write(block)
      this.#inflate.flush(constants.Z_SYNC_FLUSH, () => {
        if (this.#bytes > MAX_BLOCK_BYTES) return reject(new Error('a header block is too large'))
        try {
          resolve(parseBlock(Buffer.concat(this.#chunks)))
        } catch (error) {
          reject(error)
        }
      })
    })
  }

  close(): void {
    this.#fail = undefined
    this.#inflate.destroy()
  }
}

/** One block at a time: callers wait for the one before. */
export class HeaderWriter {
  readonly #deflate: Deflate = createDeflate({ dictionary: DICTIONARY })
  #chunks: Buffer[] = []
  #last: Promise<unknown> = Promise.resolve()

  constructor() {
    this.#deflate.on('data', (chunk: Buffer) => this.#chunks.push(chunk))
    this.#deflate.on('error', () => {})
  }

  write(headers: Headers): Promise<Buffer> {
    const written = this.#last.then(
      () =>
        new Promise<Buffer>(resolve => {
          this.#chunks = []
          this.#deflate.write(formatBlock(headers))
          this.#deflate.flush(constants.Z_SYNC_FLUSH, () => resolve(Buffer.concat(this.#chunks)))
        }),
    )
    this.#last = written
    return written
  }

  close(): void {
    this.#deflate.destroy()
  }
}

/** Names in lower case; of several values (separated by NUL) the first one counts for us. */
export function parseBlock(block: Buffer): Headers {
  const headers = new Map<string, string>()
  let at = 4
  const text = (): string => {
    const size = block.readUInt32BE(at)
    const end = at + 4 + size
    if (end > block.length) throw new RangeError('a header block ends in the middle of a name or value')
    const found = block.toString('utf8', at + 4, end)
    at = end
    return found
  }
  const count = block.readUInt32BE(0)
  if (count > 1000) throw new RangeError('a header block has too many names')
  for (let i = 0; i < count; i++) {
    const name = text().toLowerCase()
    headers.set(name, text().split('\0', 1)[0] ?? '')
  }
  return headers
}

function formatBlock(headers: Headers): Buffer {
  const count = Buffer.alloc(4)
  count.writeUInt32BE(headers.size)
  return Buffer.concat([count, ...[...headers].flatMap(([name, value]) => [sized(name.toLowerCase()), sized(value)])])
}
