/**
 * Protocol Buffers' wire format, reading side (protobuf.dev/programming-guides/encoding): tags, varints, lengths. Nothing of Kubernetes.
 * Every read is checked against the end; what is malformed is a `MalformedProtobuf`, never a crash.
 */

export class MalformedProtobuf extends Error {
  constructor(why: string) {
    super(why)
    this.name = 'MalformedProtobuf'
  }
}

/** Wire types in use; 3 and 4 (groups) are long gone and refused. */
export const VARINT = 0
export const FIXED64 = 1
export const BYTES = 2
const FIXED32 = 5

export interface Tag {
  readonly field: number
  readonly wire: number
}

const utf8 = new TextDecoder()

export class WireReader {
  private readonly bytes: Uint8Array
  private readonly view: DataView
  private at = 0

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get isAtEnd(): boolean {
    return this.at >= this.bytes.length
  }

  tag(): Tag {
    const key = this.integer()
    const tag = { field: Math.floor(key / 8), wire: key % 8 }
    if (tag.field < 1) throw new MalformedProtobuf(`illegal tag ${tag.field} (wire type ${tag.wire})`)
    return tag
  }

  /** A signed 64-bit number; beyond 2^53 the nearest that JavaScript has, as from JSON. */
  integer(): number {
    let [low, high] = [0, 0]
    for (let i = 0; i < 10; i++) {
      const byte = this.bytes[this.at++]
      if (byte === undefined) throw new MalformedProtobuf('unexpected EOF')
      const part = byte & 0x7f
      if (i < 4) low |= part << (7 * i)
      else if (i === 4) {
        low |= part << 28
        high |= part >>> 4
      } else high |= part << (7 * i - 32)
      if (byte < 0x80) return (high | 0) * 2 ** 32 + (low >>> 0)
    }
    throw new MalformedProtobuf('proto: integer overflow')
  }

  double(): number {
    const at = this.advance(8)
    return this.view.getFloat64(at, true)
  }

  chunk(): Uint8Array {
    const length = this.integer()
    const at = this.advance(length)
    return this.bytes.subarray(at, at + length)
  }

  text(): string {
    return utf8.decode(this.chunk())
  }

  skip(wire: number): void {
    if (wire === VARINT) this.integer()
    else if (wire === FIXED64) this.advance(8)
    else if (wire === BYTES) this.chunk()
    else if (wire === FIXED32) this.advance(4)
    else throw new MalformedProtobuf(`proto: illegal wireType ${wire}`)
  }

  private advance(length: number): number {
    if (length < 0) throw new MalformedProtobuf('proto: negative length found during unmarshaling')
    if (this.at + length > this.bytes.length) throw new MalformedProtobuf('unexpected EOF')
    const start = this.at
    this.at += length
    return start
  }
}
