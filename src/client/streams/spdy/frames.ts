/**
 * Frames of SPDY/3.1 as bytes (draft-mbelshe-httpbis-spdy-00, 2.2 and 2.6): what Kubernetes' clients send, and no more. Header blocks stay
 * packed here.
 */

export const TYPE = {
  synStream: 1,
  synReply: 2,
  reset: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  headers: 8,
  window: 9,
} as const

export const FLAG_FIN = 1

/** Of RST_STREAM. */
export const RESET = { protocolError: 1, refused: 3, cancel: 5 } as const

export type Frame =
  | { readonly kind: 'data'; readonly stream: number; readonly fin: boolean; readonly bytes: Buffer }
  | { readonly kind: 'control'; readonly type: number; readonly flags: number; readonly body: Buffer }

/** The length field holds 24 bits; a peer of ours sends 32 KiB at most (Go's io.Copy). */
const MAX_FRAME_BYTES = 1 << 20

const VERSION = 0x8003

/** Whole frames out of bytes as they come. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);
  *read(chunk: Buffer): Generator<Frame, void, void> {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    while (this.#rest.length >= 8) {
      const word = this.#rest.readUInt32BE(0)
      const flags = this.#rest.readUInt8(4)
      const size = this.#rest.readUIntBE(5, 3)
      if (size > MAX_FRAME_BYTES) throw new RangeError(`a frame of ${size} bytes is too large`)
      if (this.#rest.length < 8 + size) return
      const body = this.#rest.subarray(8, 8 + size)
      this.#rest = this.#rest.subarray(8 + size)
      if (word >>> 31 === 0) yield { kind: 'data', stream: word, fin: (flags & FLAG_FIN) !== 0, bytes: body }
      else if (word >>> 16 !== VERSION) throw new RangeError(`not SPDY/3: version ${(word >>> 16) & 0x7fff}`)
      else yield { kind: 'control', type: word & 0xffff, flags, body }
    }
  }
}

export function dataFrame(stream: number, bytes: Uint8Array, fin = false): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt32BE(stream, 0)
  head.writeUInt8(fin ? FLAG_FIN : 0, 4)
  head.writeUIntBE(bytes.length, 5, 3)
  return Buffer.concat([head, bytes])
}

export function controlFrame(type: number, body: Buffer, flags = 0): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt16BE(VERSION, 0)
  head.writeUInt16BE(type, 2)
  head.writeUInt8(flags, 4)
  head.writeUIntBE(body.length, 5, 3)
  return Buffer.concat([head, body])
}

/** 32-bit words, as all of the bodies begin. */
export function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4)
  for (const [i, value] of values.entries()) bytes.writeUInt32BE(value >>> 0, i * 4)
  return bytes
}
