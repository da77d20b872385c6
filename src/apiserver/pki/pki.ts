/**
 * The keys of one embedded cluster, kept in its state folder: an authority, the server's certificate, the key that signs
 * ServiceAccount tokens, and the administrator's token. Made at the first start in about 2 ms, reused as long as they hold.
 */
import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes, X509Certificate } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { addressBytes, makeAuthority, makeServerCertificate, type Validity } from './certificate.ts'

export interface Pki {
  /** PEM of the authority, which clients trust. */
  readonly ca: string
  readonly serverCertificate: string
  readonly serverKey: string
  /** Signs ServiceAccount tokens (ES256). */
  readonly serviceAccountKey: KeyObject
  /** Signs certificates of users. */
  readonly authority: { readonly name: string; readonly key: KeyObject }
  /** Bearer token of the administrator. */
  readonly adminToken: string
}

/** Names under which the server is reached in every cluster, from the host and from pods. */
export const SERVER_NAMES: readonly string[] = [
  'localhost',
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  'kubernetes.default.svc.cluster.local',
]
export const LOOPBACK: readonly string[] = ['127.0.0.1', '::1']

const AUTHORITY = 'solvent-ca'
const DAY_MS = 86_400_000
const RENEW_BEFORE_MS = 30 * DAY_MS

/** Begins a day early: a clock that is set back a little must not lock a user out. */
const validity = (now: number, days: number): Validity => ({
  notBefore: new Date(now - DAY_MS),
  notAfter: new Date(now + days * DAY_MS),
})

const newKey = (): KeyObject => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
const keyPem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString()

/**
 * Reads the keys in `folder`, makes those that are missing, broken, soon expired, or do not cover `extraIps` (the first Service
 * address, the host's end of the pod network).
 */
export function ensurePki(folder: string, extraIps: readonly string[] = [], now: number = Date.now()): Pki {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const hosts = [...SERVER_NAMES, ...LOOPBACK, ...extraIps]
  const authority = readAuthority(folder, now) ?? makeNewAuthority(folder, now)
  const server = readServer(folder, authority.certificate, hosts, now) ?? makeServer(folder, authority, hosts, now)
  return {
    ca: authority.pem,
    authority: { name: AUTHORITY, key: authority.key },
    serverCertificate: server.certificate,
    serverKey: server.key,
    serviceAccountKey: createPrivateKey(kept(folder, 'sa.key', isKey, () => keyPem(newKey()))),
    adminToken: kept(
      folder,
      'token',
      text => text.length >= 32,
      () => randomBytes(32).toString('base64url'),
    ),
  }
}

interface Authority {
  readonly pem: string
  readonly key: KeyObject
  readonly certificate: X509Certificate
}

function readAuthority(folder: string, now: number): Authority | undefined {
  const pem = read(folder, 'ca.crt')
  const key = read(folder, 'ca.key')
  if (!isKey(key) || !isCertificate(pem)) return undefined
  const authority = { pem, key: createPrivateKey(key), certificate: new X509Certificate(pem) }
  return authority.certificate.checkPrivateKey(authority.key) && holds(authority.certificate, now)
    ? authority
    : undefined
}

function makeNewAuthority(folder: string, now: number): Authority {
  const key = newKey()
  const pem = makeAuthority(AUTHORITY, key, validity(now, 3650))
  write(folder, 'ca.key', keyPem(key))
  write(folder, 'ca.crt', pem)
  return { pem, key, certificate: new X509Certificate(pem) }
}

interface ServerPair {
  readonly certificate: string
  readonly key: string
}

function readServer(
  folder: string,
  authority: X509Certificate,
  hosts: readonly string[],
  now: number,
): ServerPair | undefined {
  const pem = read(folder, 'server.crt')
  const key = read(folder, 'server.key')
  if (!isKey(key) || !isCertificate(pem)) return undefined
  const certificate = new X509Certificate(pem)
  const usable =
    certificate.checkPrivateKey(createPrivateKey(key)) &&
    certificate.verify(authority.publicKey) &&
    holds(certificate, now) &&
    hosts.every(host => covers(certificate, host))
  return usable ? { certificate: pem, key } : undefined
}

function makeServer(folder: string, authority: Authority, hosts: readonly string[], now: number): ServerPair {
  const key = newKey()
  const issuer = { name: AUTHORITY, key: authority.key }
  const certificate = makeServerCertificate('solvent-apiserver', hosts, key, issuer, validity(now, 365))
  write(folder, 'server.key', keyPem(key))
  write(folder, 'server.crt', certificate)
  return { certificate, key: keyPem(key) }
}

const holds = (certificate: X509Certificate, now: number): boolean =>
  Date.parse(certificate.validFrom) <= now && now < Date.parse(certificate.validTo) - RENEW_BEFORE_MS

function covers(certificate: X509Certificate, host: string): boolean {
  if (host.includes(':') || /^[\d.]+$/.test(host)) {
    const wanted = addressBytes(host)
    return sanAddresses(certificate).some(address => addressBytes(address).equals(wanted))
  }
  return certificate.checkHost(host) !== undefined
}

const sanAddresses = (certificate: X509Certificate): string[] =>
  (certificate.subjectAltName ?? '')
    .split(', ')
    .filter(name => name.startsWith('IP Address:'))
    .map(name => name.slice('IP Address:'.length))

function kept(folder: string, name: string, isGood: (text: string) => boolean, make: () => string): string {
  const found = read(folder, name)
  if (isGood(found)) return found
  const made = make()
  write(folder, name, made)
  return made
}

const succeeds = (attempt: () => unknown): boolean => {
  try {
    attempt()
    return true
  } catch {
    return false
  }
}
const isKey = (text: string): boolean => text !== '' && succeeds(() => createPrivateKey(text))
const isCertificate = (text: string): boolean => text !== '' && succeeds(() => new X509Certificate(text))

/** The text, or '' where there is no such file: both mean that it has to be made. */
function read(folder: string, name: string): string {
  try {
    return readFileSync(join(folder, name), 'utf8')
  } catch {
    return ''
  }
}

/** Never half a file under its name. */
function write(folder: string, name: string, text: string): void {
  const temporary = join(folder, `.${name}.${process.pid}`)
  writeFileSync(temporary, text, { mode: 0o600 })
  renameSync(temporary, join(folder, name))
}
