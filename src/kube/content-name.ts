/**
 * Names by content: an immutable ConfigMap or Secret is named after what it holds, so that new content is a new name, a new pod
 * template, an ordinary rollout, and an exact way back.
 */
import { createHash } from 'node:crypto'
import { canonicalJson } from './canonical-json.ts'

/** First 8 hex digits of the SHA-256 of the canonical JSON of `data`. */
export const contentHash8 = (data: unknown): string =>
  createHash('sha256').update(canonicalJson(data)).digest('hex').slice(0, 8)
