/** Reads ASN.1 in DER, as far as a signing request needs it; `der.ts` is the other direction. Whatever is no DER throws `NotDer`. */

export class NotDer extends Error {}

export interface Element {
  readonly tag: number
  readonly content: Buffer
  /** With tag and length: what a signature covers. */
  readonly bytes: Buffer
}

/** The elements that lie one after another in `bytes`. */
export function elements(bytes: Buffer): readonly Element[] {
  const found: Element[] = []
  for (let at = 0; at < bytes.length; ) {
    const [tag, first] = [bytes[at], bytes[at + 1]]
    if (tag === undefined || first === undefined) throw new NotDer('it ends in the middle')
    const numLengthBytes = first < 0x80 ? 0 : first & 0x7f
    if (first === 0x80 || numLengthBytes > 4) throw new NotDer('a length that DER does not know')
    const begin = at + 2 + numLengthBytes
    const length =
      numLengthBytes === 0 ? first : bytes.subarray(at + 2, begin).reduce((sum, byte) => sum * 256 + byte, 0)
    if (begin + length > bytes.length) throw new NotDer('it ends in the middle')
    found.push({ tag, content: bytes.subarray(begin, begin + length), bytes: bytes.subarray(at, begin + length) })
    at = begin + length
  }
  return found
}

/** The children of an element that must have so many at least. */
export function children(element: Element | undefined, atLeast: number): readonly Element[] {
  const found = element ? elements(element.content) : []
  if (found.length < atLeast) throw new NotDer('something is missing')
  return found
}

export function objectIdentifier({ tag, content }: Element): string {
  if (tag !== 0x06 || content.length === 0) throw new NotDer('no object identifier')
  const arcs: number[] = []
  let arc = 0
  for (const byte of content) {
    arc = arc * 128 + (byte & 0x7f)
    if (byte & 0x80) continue
    arcs.push(arc)
    arc = 0
  }
  const [first = 0, ...rest] = arcs
  const root = Math.min(2, Math.floor(first / 40))
  return [root, first - root * 40, ...rest].join('.')
}
