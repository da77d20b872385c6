/** Signing requests as OpenSSL writes them, and what comes of them. */
import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import '../../../test/properties.ts'
import { ensurePki } from './pki.ts'
import { signRequest } from './sign-request.ts'
import { readSigningRequest } from './signing-request.ts'

const folder = mkdtempSync(join(tmpdir(), 'solvent-csr-'))
afterAll(() => rmSync(folder, { recursive: true }))

const KINDS = {
  rsa: ['-newkey', 'rsa:2048'],
  'P-256': ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'],
  'P-384': ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:secp384r1', '-sha384'],
  ed25519: ['-newkey', 'ed25519'],
} as const

function requestOf(kind: keyof typeof KINDS, subject: string): string {
  const [out, key] = [join(folder, 'csr.pem'), join(folder, 'key.pem')]
  execFileSync('openssl', ['req', '-new', ...KINDS[kind], '-nodes', '-subj', subject, '-keyout', key, '-out', out], {
    stdio: 'ignore',
  })
  return readFileSync(out, 'utf8')
}

describe.each(Object.keys(KINDS) as (keyof typeof KINDS)[])('a request with a key of %s', kind => {
  test('names its user and groups, and becomes a certificate', () => {
    const request = requestOf(kind, '/O=crew/O=ops/CN=jane')
    expect(readSigningRequest(request)).toMatchObject({ commonName: 'jane', organizations: ['crew', 'ops'] })
    const pki = ensurePki(folder)
    const now = Date.now()
    const certificate = new X509Certificate(signRequest(pki, { request, expirationSeconds: 3600, now }) ?? '')
    expect(certificate.verify(new X509Certificate(pki.ca).publicKey)).toBe(true)
    expect(certificate.subject.split('\n')).toEqual(['O=crew', 'O=ops', 'CN=jane'])
    expect(Math.abs(Date.parse(certificate.validTo) - now - 3600_000)).toBeLessThan(2000)
  })
})

test('what is no request is none, and what is changed says nothing else', () => {
  const request = requestOf('P-256', '/CN=jane')
  expect(readSigningRequest('hello')).toBeUndefined()
  const bytes = Buffer.from(request.split('\n').slice(1, -2).join(''), 'base64')
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const other = Buffer.from(bytes)
      other[at] = (other[at] ?? 0) ^ change
      const pem = `-----BEGIN CERTIFICATE REQUEST-----\n${other.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`
      const found = readSigningRequest(pem)
      // What the signature does not cover (a tag around it) may change and say the same.
      if (found) expect(found).toMatchObject({ commonName: 'jane', organizations: [] })
    }),
    { numRuns: 300 },
  )
})
