/**
 * Writes ASN.1 in DER (ITU-T X.690), as far as a certificate needs it: every function gives the bytes of one tag-length-value.
 * Node can read certificates but not make them; this and `certificate.ts` are the missing half.
 */

export type Der = Buffer

function tagged(tag: number, content: Uint8Array): Der {
  return Buffer.concat([Buffer.from([tag]), lengthBytes(content.length), content])
}

/** Short form under 128, else the number of length bytes with the top bit set, then the length, most significant byte first. */
function lengthBytes(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length])
  const hex = length.toString(16)
  const bytes = Buffer.from(hex.length % 2 ? `0${hex}` : hex, 'hex')
  return Buffer.concat([Buffer.from([0x80 | bytes.length]), bytes])
}

export const sequence = (...items: readonly Der[]): Der => tagged(0x30, Buffer.concat(items))
export const set = (...items: readonly Der[]): Der => tagged(0x31, Buffer.concat(items))
export const boolean = (value: boolean): Der => tagged(0x01, Buffer.from([value ? 0xff : 0]))
export const octetString = (content: Uint8Array): Der => tagged(0x04, content)
export const utf8String = (text: string): Der => tagged(0x0c, Buffer.from(text, 'utf8'))

/** A non-negative integer, minimal, with a zero byte in front where the top bit is set (it would mean a negative one). */
export function integer(value: number | Uint8Array): Der {
  const bytes = typeof value === 'number' ? Buffer.from(evenHex(value), 'hex') : Buffer.from(value)
  let start = 0
  while (start < bytes.length - 1 && bytes[start] === 0) start++
  const minimal = bytes.subarray(start)
  return tagged(0x02, minimal[0]! & 0x80 ? Buffer.concat([Buffer.from([0]), minimal]) : minimal)
}

const evenHex = (value: number): string => {
  const hex = value.toString(16)
  return hex.length % 2 ? `0${hex}` : hex
}

/** The first two arcs share a byte; the rest are base 128, all but the last byte of an arc with the top bit set. */
export function objectIdentifier(dotted: string): Der {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  return tagged(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]))
}

function base128(arc: number): number[] {
  const bytes = [arc & 0x7f]
  for (let left = arc >>> 7; left > 0; left >>>= 7) bytes.unshift((left & 0x7f) | 0x80)
  return bytes
}

export const bitString = (content: Uint8Array, unusedBits = 0): Der =>
  tagged(0x03, Buffer.concat([Buffer.from([unusedBits]), content]))

/** Named bits (KeyUsage): bit 0 is the most significant one, trailing zeros are left out, as DER asks. */
export function namedBits(...bits: readonly number[]): Der {
  const bytes = Buffer.alloc(Math.floor(Math.max(...bits) / 8) + 1)
  for (const bit of bits) bytes[bit >> 3] = bytes[bit >> 3]! | (0x80 >> (bit & 7))
  return bitString(bytes, 7 - (Math.max(...bits) & 7))
}

/** UTCTime until 2049, GeneralizedTime from 2050 (RFC 5280 §4.1.2.5). */
export function time(date: Date): Der {
  const digits = `${date.toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`
  return date.getUTCFullYear() < 2050
    ? tagged(0x17, Buffer.from(digits.slice(2), 'ascii'))
    : tagged(0x18, Buffer.from(digits, 'ascii'))
}

/** `[n]` around whole values (explicit tagging). */
export const explicit = (n: number, ...items: readonly Der[]): Der => tagged(0xa0 | n, Buffer.concat(items))

/** `[n]` in place of a primitive value's own tag (implicit tagging). */
export const implicit = (n: number, content: Uint8Array): Der => tagged(0x80 | n, content)
