/**
 * X.509 client certificates: the common name is the user, each organization a group (apiserver's authentication/request/x509). The TLS layer
 * has checked chain, dates and purpose; here only what it found is read.
 */

import { createHash } from 'node:crypto'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { AUTHENTICATED, type User } from './user.ts'

type Found = User | 'invalid' | undefined

/** A connection's certificate does not change. */
const seen = new WeakMap<Socket, { readonly found: Found }>()

/** Undefined without a certificate; `invalid` for one that our authority did not sign for this purpose and time. */
export function certificateUser(socket: Socket): Found {
  if (!isTls(socket)) return undefined
  const known = seen.get(socket)
  if (known) return known.found
  const found = read(socket)
  seen.set(socket, { found })
  return found
}

/** By what it can do: importing `node:tls` reads all the authorities of the world, which nobody here trusts. */
const isTls = (socket: Socket): socket is TLSSocket => 'getPeerCertificate' in socket

function read(socket: TLSSocket): Found {
  const { subject, raw } = socket.getPeerCertificate()
  if (!raw) return undefined
  if (!socket.authorized) return 'invalid'
  const [name] = texts(subject?.CN)
  // Upstream takes nobody in without a name.
  if (!name) return undefined
  const fingerprint = createHash('sha256').update(raw).digest('hex')
  return {
    name,
    groups: [...texts(subject?.O), AUTHENTICATED],
    extra: { 'authentication.kubernetes.io/credential-id': [`X509SHA256=${fingerprint}`] },
  }
}

/** Node's types know one value a field; a certificate may hold several. */
const texts = (field: string | readonly string[] | undefined): readonly string[] =>
  field === undefined ? [] : typeof field === 'string' ? [field] : field
