/** Asks for the addresses of a name outside (the target of an ExternalName) and reads them out of the answer. */
import { type DnsRecord, formatName, TYPE } from './dns-message.ts'

export function questionFor(id: number, name: string, type: number): Buffer {
  const header = Buffer.from([id >> 8, id & 255, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0])
  return Buffer.concat([header, formatName(name), Buffer.from([0, type, 0, 1])])
}

/** IPv4 addresses, whatever aliases lie between, under the name that was asked for. */
export function addressesIn(message: Buffer, name: string): readonly DnsRecord[] {
  try {
    let at = pastName(message, 12) + 4
    const found: DnsRecord[] = []
    for (let i = message.readUInt16BE(6); i > 0; i--) {
      at = pastName(message, at)
      const type = message.readUInt16BE(at)
      const length = message.readUInt16BE(at + 8)
      at += 10 + length
      if (type === TYPE.A && length === 4) {
        found.push({ name, type: 'A', address: [...message.subarray(at - 4, at)].join('.') })
      }
    }
    return found
  } catch {
    return []
  }
}

/** Names may end in a pointer of two bytes. */
function pastName(message: Buffer, start: number): number {
  let at = start
  for (;;) {
    const length = message.readUInt8(at)
    if (length === 0) return at + 1
    if (length >= 0xc0) return at + 2
    at += 1 + length
  }
}
