/** Certificate signing requests (PKCS #10, RFC 2986): who asks to be called what, and that they hold the key. */
import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import type { Name } from './certificate.ts'
import { children, type Element, elements, NotDer, objectIdentifier } from './der-reader.ts'

export interface SigningRequest extends Name {
  readonly organizations: readonly string[]
  readonly key: KeyObject
}

const COMMON_NAME = '2.5.4.3'
const ORGANIZATION = '2.5.4.10'
/** Digests by the signature algorithms that clients use; Ed25519 has its own. */
const ALGORITHMS: Readonly<Record<string, string | null>> = {
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.3.101.112': null,
}

/** Undefined for what is no request, or not signed by the key that it names. */
export function readSigningRequest(pem: string): SigningRequest | undefined {
  const [, base64] = /-----BEGIN CERTIFICATE REQUEST-----([\s\S]+?)-----END CERTIFICATE REQUEST-----/.exec(pem) ?? []
  if (base64 === undefined) return undefined
  try {
    return read(Buffer.from(base64, 'base64'))
  } catch (error) {
    // Node's own errors tell of keys that are none.
    if (error instanceof NotDer || (error instanceof Error && 'code' in error)) return undefined
    throw error
  }
}

function read(bytes: Buffer): SigningRequest | undefined {
  const [info, algorithm, signature] = children(elements(bytes)[0], 3) as [Element, Element, Element]
  const [, subject, keyInfo] = children(info, 3)
  if (!subject || !keyInfo) return undefined
  const key = createPublicKey({ key: keyInfo.bytes, format: 'der', type: 'spki' })
  const [oid] = children(algorithm, 1)
  const digest = oid && ALGORITHMS[objectIdentifier(oid)]
  // A bit string begins with the number of bits that are not used: none.
  if (digest === undefined || !verify(digest, info.bytes, key, signature.content.subarray(1))) return undefined
  const names = children(subject, 0)
    .flatMap(part => elements(part.content))
    .map(pair => children(pair, 2))
  const texts = (oid: string): readonly string[] =>
    names
      .filter(([type]) => type && objectIdentifier(type) === oid)
      .map(([, value]) => value?.content.toString('utf8') ?? '')
  return { commonName: texts(COMMON_NAME)[0] ?? '', organizations: texts(ORGANIZATION), key }
}
