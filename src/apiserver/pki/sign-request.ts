/** Makes a user's certificate from an approved CertificateSigningRequest (kube-controller-manager's certificates/signer). */
import { makeClientCertificate } from './certificate.ts'
import type { Pki } from './pki.ts'
import { readSigningRequest } from './signing-request.ts'

export const CLIENT_SIGNER = 'kubernetes.io/kube-apiserver-client'
const YEAR_SECONDS = 365 * 24 * 3600
const LEAST_SECONDS = 600
const MINUTES_5_MS = 300_000

export interface Wanted {
  /** PEM. */
  readonly request: string
  readonly expirationSeconds: number | undefined
  readonly now: number
}

/** PEM; undefined where the request is none. */
export function signRequest(
  { authority }: Pick<Pki, 'authority'>,
  { request, expirationSeconds, now }: Wanted,
): string | undefined {
  const asked = readSigningRequest(request)
  if (!asked) return undefined
  const seconds = Math.min(YEAR_SECONDS, Math.max(LEAST_SECONDS, expirationSeconds ?? YEAR_SECONDS))
  // Begins a little early: clocks differ.
  const validity = { notBefore: new Date(now - MINUTES_5_MS), notAfter: new Date(now + seconds * 1000) }
  return makeClientCertificate(asked, asked.key, authority, validity)
}
