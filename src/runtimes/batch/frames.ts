/** Messages on a socket: four bytes of length, big-endian, then JSON. */
import { invariant } from '../../base/invariant.ts'

/** No message of ours comes near; whoever sends more is not one of us. */
const MAX_FRAME_BYTES = 256 * 1024 * 1024

export function encodeFrame(message: unknown): Buffer {
  const json = Buffer.from(JSON.stringify(message))
  const head = Buffer.alloc(4)
  head.writeUInt32BE(json.length)
  return Buffer.concat([head, json])
}

export class FrameDecoder {
  private pending: Buffer = Buffer.alloc(0)

  /** The messages that are complete now. */
  push(bytes: Buffer): unknown[] {
    this.pending = this.pending.length === 0 ? bytes : Buffer.concat([this.pending, bytes])
    const messages: unknown[] = []
    while (this.pending.length >= 4) {
      const length = this.pending.readUInt32BE()
      invariant(length <= MAX_FRAME_BYTES, 'a frame is shorter than 256 MiB')
      if (this.pending.length < 4 + length) break
      messages.push(JSON.parse(this.pending.toString('utf8', 4, 4 + length)))
      this.pending = this.pending.subarray(4 + length)
    }
    return messages
  }
}
