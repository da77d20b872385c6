/** Certificates that others accept: Node's TLS, Node's parser, and openssl where the machine has one. */
import { execFileSync, spawnSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, createServer } from 'node:tls'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import * as der from './der.ts'
import { ensurePki, type Pki, SERVER_NAMES } from './pki.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'solvent-pki-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const EXTRA = ['10.96.0.1', '169.254.7.1', 'fd00::1']
const DAY_MS = 86_400_000

describe('DER', () => {
  test.each([
    { what: 'a small integer', value: der.integer(5), hex: '020105' },
    { what: 'zero', value: der.integer(0), hex: '020100' },
    { what: 'an integer with its top bit set', value: der.integer(0x80), hex: '02020080' },
    { what: 'an object identifier', value: der.objectIdentifier('1.2.840.10045.4.3.2'), hex: '06082a8648ce3d040302' },
    { what: 'named bits without trailing zeros', value: der.namedBits(0, 5, 6), hex: '03020186' },
    { what: 'a long length', value: der.octetString(Buffer.alloc(200)).subarray(0, 3), hex: '0481c8' },
    {
      what: 'a time before 2050',
      value: der.time(new Date('2026-01-02T03:04:05Z')),
      hex: `170d${Buffer.from('260102030405Z').toString('hex')}`,
    },
    {
      what: 'a time after 2049',
      value: der.time(new Date('2050-01-02T03:04:05Z')),
      hex: `180f${Buffer.from('20500102030405Z').toString('hex')}`,
    },
  ])('$what', ({ value, hex }) => expect(value.toString('hex')).toBe(hex))
})

test('the certificate names every way to the server', () => {
  const certificate = new X509Certificate(ensurePki(folder, EXTRA).serverCertificate)
  for (const name of SERVER_NAMES) expect(certificate.checkHost(name)).toBe(name)
  for (const ip of ['127.0.0.1', '::1', ...EXTRA]) expect(certificate.checkIP(ip)).toBe(ip)
  expect(certificate.checkHost('example.com')).toBeUndefined()
  expect(certificate.ca).toBe(false)
})

test('a TLS client that trusts the authority connects', async () => {
  const { ca, serverKey, serverCertificate } = ensurePki(folder)
  const server = createServer({ key: serverKey, cert: serverCertificate }, socket => socket.end('hello'))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const text = await new Promise<string>((resolve, reject) => {
    let received = ''
    const socket = connect({ host: '127.0.0.1', port, ca })
    socket.on('data', chunk => {
      received += chunk
    })
    socket.on('end', () => resolve(received))
    socket.on('error', reject)
  })
  expect(text).toBe('hello')
  await new Promise(resolve => server.close(resolve))
})

test.skipIf(spawnSync('openssl', ['version']).status !== 0)('openssl verifies the chain strictly', () => {
  ensurePki(folder, EXTRA)
  const [ca, server] = [join(folder, 'ca.crt'), join(folder, 'server.crt')]
  const verify = ['verify', '-x509_strict', '-purpose', 'sslserver', '-CAfile', ca]
  for (const ip of EXTRA)
    expect(execFileSync('openssl', [...verify, '-verify_ip', ip, server], { encoding: 'utf8' })).toContain('OK')
})

describe('what lies in the folder', () => {
  test('only its owner may read', () => {
    ensurePki(folder)
    for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).mode & 0o777, name).toBe(0o600)
  })

  test('is used again', () => {
    const [first, second] = [ensurePki(folder, EXTRA), ensurePki(folder, EXTRA)]
    const texts = ({ ca, serverCertificate, serverKey, adminToken }: Pki) => [
      ca,
      serverCertificate,
      serverKey,
      adminToken,
    ]
    expect(texts(second)).toEqual(texts(first))
    expect(second.authority.key.equals(first.authority.key)).toBe(true)
    expect(second.serviceAccountKey.equals(first.serviceAccountKey)).toBe(true)
  })

  test('the server certificate is made anew for an address that it lacks, the authority stays', () => {
    const [first, second] = [ensurePki(folder), ensurePki(folder, ['10.1.2.3'])]
    expect(second.ca).toBe(first.ca)
    expect(second.serverCertificate).not.toBe(first.serverCertificate)
    expect(second.adminToken).toBe(first.adminToken)
  })

  test('the server certificate is made anew a month before it ends', () => {
    const now = Date.now()
    const first = ensurePki(folder, [], now)
    expect(ensurePki(folder, [], now + 300 * DAY_MS).serverCertificate).toBe(first.serverCertificate)
    expect(ensurePki(folder, [], now + 340 * DAY_MS).serverCertificate).not.toBe(first.serverCertificate)
  })

  test.each(['ca.crt', 'ca.key', 'server.crt', 'server.key', 'sa.key', 'token'])('a broken %s is replaced', name => {
    ensurePki(folder)
    writeFileSync(join(folder, name), 'garbage')
    const { ca, serverCertificate } = ensurePki(folder)
    expect(new X509Certificate(serverCertificate).verify(new X509Certificate(ca).publicKey)).toBe(true)
    expect(readFileSync(join(folder, name), 'utf8')).not.toBe('garbage')
  })
})
