/**
 * Records as journal and snapshots hold them: length and CRC-32 of the payload (both 32 bits, little endian), then the payload, a text. A tail
 * that a crash tore off, filled with zeros or mixed up fails the checksum, and nothing behind it counts: it had not been synced either.
 */
import { crc32 } from 'node:zlib'

const HEADER_BYTES = 8

export function encodeRecord(text: string): Buffer {
  const length = Buffer.byteLength(text)
  const record = Buffer.allocUnsafe(HEADER_BYTES + length)
  record.write(text, HEADER_BYTES, 'utf8')
  record.writeUInt32LE(length, 0)
  record.writeUInt32LE(crc32(record.subarray(HEADER_BYTES)), 4)
  return record
}

export interface DecodedRecord {
  readonly payload: Buffer
  /** Where the record ends: up to here the file is whole. */
  readonly end: number
}

/** The whole records from the start of a file, as far as they go. */
export function* decodeRecords(file: Uint8Array): Generator<DecodedRecord, void> {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength)
  let start = 0
  while (start + HEADER_BYTES < bytes.length) {
    const end = start + HEADER_BYTES + bytes.readUInt32LE(start)
    // An empty payload would have the checksum 0: a file that was grown but not filled must not read as records.
    if (end === start + HEADER_BYTES || end > bytes.length) return
    const payload = bytes.subarray(start + HEADER_BYTES, end)
    if (crc32(payload) !== bytes.readUInt32LE(start + 4)) return
    yield { payload, end }
    start = end
  }
}
