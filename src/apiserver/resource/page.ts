/** The `continue` token of a list: where the next page begins and of which revision (etcd3's continue.go). Opaque to clients. */
import { badRequest } from './refusals.ts'

export interface Page {
  /** Undefined: the newest state, after a token that had expired ("inconsistent continuation"). */
  readonly revision: number | undefined
  readonly after: string
}

export const encodePage = ({ revision, after }: Page): string =>
  Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: revision ?? -1, start: after })).toString('base64url')

export function decodePage(token: string): Page {
  try {
    const { v, rv, start } = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'))
    if (v === 'meta.k8s.io/v1' && Number.isInteger(rv) && typeof start === 'string') {
      return { revision: rv < 0 ? undefined : rv, after: start }
    }
  } catch {
    // Falls through: whatever is wrong with the token, the answer is the same.
  }
  throw badRequest('continue key is not valid')
}
