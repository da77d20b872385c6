/** The two documents by which others verify our ServiceAccount tokens (OpenID Connect Discovery, RFC 7517; serviceaccount/openidmetadata.go). */
import type { KeyObject } from 'node:crypto'
import { ALGORITHM, ISSUER, publicKeyOf } from './service-account-token.ts'

const CONFIGURATION_PATH = '/.well-known/openid-configuration'
const KEYS_PATH = '/openid/v1/jwks'

export interface OpenIdDocument {
  readonly contentType: string
  readonly body: object
}

export const openIdDocuments = (key: KeyObject): Readonly<Record<string, OpenIdDocument>> => ({
  [CONFIGURATION_PATH]: {
    contentType: 'application/json',
    body: {
      issuer: ISSUER,
      jwks_uri: `${ISSUER}${KEYS_PATH}`,
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: [ALGORITHM],
    },
  },
  [KEYS_PATH]: {
    contentType: 'application/jwk-set+json',
    body: { keys: [{ use: 'sig', ...publicJwk(key), kid: publicKeyOf(key).id, alg: ALGORITHM }] },
  },
})

/** The public half only: exported from a public key, which has no other. */
const publicJwk = (key: KeyObject): object => publicKeyOf(key).key.export({ format: 'jwk' })
