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
  const bytes = Buffer.from(token, 'base64url')
  // Go reads letter by letter, and a letter is a byte.
  const [first = ''] = bytes.toString('latin1')
  if (first !== '{') {
    const shown = JSON.stringify(first)
      .slice(1, -1)
      .replace(/[\x7f-\xa0\xad]/g, asEscape)
    throw refused(
      first === '' ? 'unexpected end of JSON input' : `invalid character '${shown}' looking for beginning of value`,
    )
  }
  try {
    const { v, rv, start } = JSON.parse(bytes.toString('utf8'))
    if (v === 'meta.k8s.io/v1' && Number.isInteger(rv) && typeof start === 'string') {
      return { revision: rv < 0 ? undefined : rv, after: start }
    }
  } catch {
    // Falls through: whatever is wrong with the token, the answer is the same.
  }
  throw refused('incorrect encoded start resourceVersion')
}

const asEscape = (letter: string): string => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`

const refused = (why: string) => badRequest(`invalid continue token: continue key is not valid: ${why}`)
