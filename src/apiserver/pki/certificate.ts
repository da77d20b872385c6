/**
 * X.509 v3 certificates (RFC 5280) with P-256 keys, signed with ECDSA and SHA-256: an authority of its own, and under it
 * the server's certificate and those of users. Nothing else is made here, so nothing else can be asked for.
 */
import { createHash, createPublicKey, type KeyObject, randomBytes, sign } from 'node:crypto'
import { isIP, SocketAddress } from 'node:net'
import * as der from './der.ts'

const OID = {
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  subjectKeyId: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyId: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
} as const

const DIGITAL_SIGNATURE = 0
const CERT_SIGN = 5
const CRL_SIGN = 6

interface Body {
  readonly subject: Name
  readonly issuer: string
  readonly subjectKey: KeyObject
  readonly issuerKey: KeyObject
  readonly notBefore: Date
  readonly notAfter: Date
  readonly extensions: readonly der.Der[]
}

/** Whom a certificate speaks of: to Kubernetes a user and their groups. */
export interface Name {
  readonly commonName: string
  readonly organizations?: readonly string[]
}

export interface Validity {
  readonly notBefore: Date
  readonly notAfter: Date
}

/** A self-signed authority. */
export function makeAuthority(name: string, key: KeyObject, validity: Validity): string {
  return makeCertificate({
    subject: { commonName: name },
    issuer: name,
    subjectKey: key,
    issuerKey: key,
    ...validity,
    extensions: [
      extension(OID.basicConstraints, der.sequence(der.boolean(true)), true),
      extension(OID.keyUsage, der.namedBits(DIGITAL_SIGNATURE, CERT_SIGN, CRL_SIGN), true),
    ],
  })
}

interface Authority {
  readonly name: string
  readonly key: KeyObject
}

/** A server's certificate for `hosts` (DNS names and addresses), signed by the authority. */
export function makeServerCertificate(
  name: string,
  hosts: readonly string[],
  key: KeyObject,
  authority: Authority,
  validity: Validity,
): string {
  const names = extension(OID.subjectAltName, der.sequence(...hosts.map(generalName)))
  return makeCertificate(signedBy(authority, { commonName: name }, key, validity, [...uses(OID.serverAuth), names]))
}

/** A user's certificate; `key` may be the public half alone, as a signing request brings it. */
export function makeClientCertificate(subject: Name, key: KeyObject, authority: Authority, validity: Validity): string {
  return makeCertificate(signedBy(authority, subject, key, validity, uses(OID.clientAuth)))
}

const signedBy = (
  { name, key }: Authority,
  subject: Name,
  subjectKey: KeyObject,
  validity: Validity,
  extensions: readonly der.Der[],
): Body => ({ subject, issuer: name, subjectKey, issuerKey: key, ...validity, extensions })

/** What the key may do: sign a handshake for one purpose, and no certificates. */
const uses = (purpose: string): readonly der.Der[] => [
  extension(OID.basicConstraints, der.sequence(), true),
  extension(OID.keyUsage, der.namedBits(DIGITAL_SIGNATURE), true),
  extension(OID.extendedKeyUsage, der.sequence(der.objectIdentifier(purpose))),
]

function makeCertificate(body: Body): string {
  const algorithm = der.sequence(der.objectIdentifier(OID.ecdsaWithSha256))
  const toBeSigned = der.sequence(
    der.explicit(0, der.integer(2)), // version 3
    der.integer(randomBytes(16)),
    algorithm,
    distinguishedName({ commonName: body.issuer }),
    der.sequence(der.time(body.notBefore), der.time(body.notAfter)),
    distinguishedName(body.subject),
    publicKeyInfo(body.subjectKey),
    der.explicit(
      3,
      der.sequence(
        ...body.extensions,
        extension(OID.subjectKeyId, der.octetString(keyId(body.subjectKey))),
        extension(OID.authorityKeyId, der.sequence(der.implicit(0, keyId(body.issuerKey)))),
      ),
    ),
  )
  const signature = sign('sha256', toBeSigned, body.issuerKey)
  return pem('CERTIFICATE', der.sequence(toBeSigned, algorithm, der.bitString(signature)))
}

function distinguishedName({ commonName, organizations = [] }: Name): der.Der {
  const part = (oid: string, text: string) => der.set(der.sequence(der.objectIdentifier(oid), der.utf8String(text)))
  return der.sequence(...organizations.map(text => part(OID.organization, text)), part(OID.commonName, commonName))
}

const publicKeyInfo = (key: KeyObject): Buffer =>
  (key.type === 'private' ? createPublicKey(key) : key).export({ type: 'spki', format: 'der' })

/** Any identifier that is the same for the same key will do (RFC 5280 §4.2.1.2); SHA-1 is the customary one, not a protection. */
const keyId = (key: KeyObject): Buffer => createHash('sha1').update(publicKeyInfo(key)).digest()

function extension(oid: string, value: der.Der, critical = false): der.Der {
  const flag = critical ? [der.boolean(true)] : []
  return der.sequence(der.objectIdentifier(oid), ...flag, der.octetString(value))
}

function generalName(host: string): der.Der {
  return isIP(host) ? der.implicit(7, addressBytes(host)) : der.implicit(2, Buffer.from(host, 'ascii'))
}

/** Four bytes, or sixteen of an IPv6 address. */
export function addressBytes(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number))
  // SocketAddress writes an embedded IPv4 part and the zero run in one canonical way.
  const [left = '', right = ''] = new SocketAddress({ address, family: 'ipv6' }).address.split('::')
  const groups = (text: string): number[] =>
    text
      .split(':')
      .filter(Boolean)
      .flatMap(g => (g.includes('.') ? ipv4Groups(g) : [Number.parseInt(g, 16)]))
  const head = groups(left)
  const tail = groups(right)
  const all = [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail]
  return Buffer.from(all.flatMap(group => [group >> 8, group & 0xff]))
}

function ipv4Groups(dotted: string): number[] {
  const [a = 0, b = 0, c = 0, d = 0] = dotted.split('.').map(Number)
  return [(a << 8) | b, (c << 8) | d]
}

function pem(label: string, bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}
